package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"yinju/bot"
	"yinju/config"
	"yinju/deploy/local"
	"yinju/rag"
	"yinju/rag/bge"
	"yinju/rag/gloss"
	"yinju/rag/llm"
)

// closeWait is how long the private server may take to stop.
const closeWait = 45 * time.Second

// app opens the parts that a command needs and closes them at the end.
type app struct {
	streams
	cfg    config.Config
	getenv func(string) string
	lang   bot.Lang

	server    *local.Server
	words     func() (*gloss.Dictionary, error) // opens the dictionary at its first call
	db        *rag.Store
	model     *bge.Model
	modelName string
}

// openStore connects to the configured database, or to the private server, which it starts if need be.
func (a *app) openStore(ctx context.Context) (*rag.Store, error) {
	url, err := a.databaseURL(ctx)
	if err != nil {
		return nil, err
	}
	a.db, err = rag.Open(ctx, url)
	return a.db, err
}

func (a *app) databaseURL(ctx context.Context) (string, error) {
	if url := a.cfg.DatabaseURL.Reveal(); url != "" {
		return url, nil
	}
	parts, err := a.partsDir()
	if err != nil {
		return "", err
	}
	bin, err := local.Postgres(parts)
	if err != nil {
		return "", err
	}
	data := a.cfg.DataDir
	if data == "" {
		if data, err = local.DefaultDataDir(a.getenv); err != nil {
			return "", err
		}
	}
	if a.server, err = local.Start(ctx, local.Options{BinDir: bin, DataDir: data, Log: a.log()}); err != nil {
		return "", fmt.Errorf("start the private Postgres in %s: %w", data, err)
	}
	return a.server.URL(), nil
}

func (a *app) partsDir() (string, error) {
	if a.cfg.PartsDir != "" {
		return a.cfg.PartsDir, nil
	}
	return local.DefaultPartsDir(a.getenv)
}

// openModel loads the embedding model. Its name carries the model's digest and the version of the codes: vectors
// of another build of the same model are another model's, and what has no codes, or others, is made again.
func (a *app) openModel() error {
	lib, files, err := a.modelFiles()
	if err != nil {
		return err
	}
	a.modelName = "bge-small-zh-v1.5-q:" + files.SHA256[:12] + "+" + bge.CodesVersion
	a.model, err = bge.Open(bge.Options{
		Library: lib, Onnx: files.Onnx, Tokenizer: files.Tokenizer, Workers: a.cfg.EmbedWorkers,
	})
	return err
}

func (a *app) modelFiles() (lib string, files local.ModelFiles, err error) {
	parts, err := a.partsDir()
	if err != nil {
		return "", files, err
	}
	if lib = a.cfg.RuntimeLib; lib == "" {
		if lib, err = local.ONNXRuntime(parts); err != nil {
			return "", files, err
		}
	} else if _, err = os.Stat(lib); err != nil {
		return "", files, fmt.Errorf("ONNXRUNTIME_LIB: %w", err)
	}
	if a.cfg.ModelDir != "" {
		files, err = local.ModelIn(a.cfg.ModelDir)
	} else {
		files, err = local.Model(parts)
	}
	return lib, files, err
}

// openDictionary reads the dictionary for English questions.
func (a *app) openDictionary() (*gloss.Dictionary, error) {
	if a.cfg.Dictionary != "" {
		d, err := gloss.Open(a.cfg.Dictionary)
		if err != nil {
			return nil, fmt.Errorf("DICTIONARY_FILE: %w", err)
		}
		return d, nil
	}
	parts, err := a.partsDir()
	if err != nil {
		return nil, err
	}
	path, err := local.Dictionary(parts)
	if err != nil {
		return nil, err
	}
	return gloss.Open(path)
}

// openRetriever opens store and model side by side.
func (a *app) openRetriever(ctx context.Context) (*rag.Retriever, error) {
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error {
		_, err := a.openStore(groupCtx)
		return err
	})
	group.Go(a.openModel)
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return rag.NewRetriever(a.db, a.model, a.modelName).WithDictionary(a.words), nil
}

// writing is how the configured language model writes, nil where none is set. The store is open: it keeps count of
// the tokens.
func (a *app) writing() (*rag.Writing, error) {
	c := a.cfg.LLM
	if c.Provider == "" {
		return nil, nil
	}
	model, err := llm.Open(llm.Options{
		Provider: c.Provider, Model: c.Model, BaseURL: c.BaseURL, APIKey: c.APIKey.Reveal(),
		Silence: c.Silence, Timeout: c.Timeout, Retries: c.Retries, Concurrency: c.Concurrency, Context: c.Context, Temperature: c.Temperature,
		Ledger: a.db, TokensPerDay: c.TokensPerDay, PriceIn: c.PriceIn, PriceOut: c.PriceOut, Log: a.log(),
	})
	if err != nil {
		return nil, err
	}
	return &rag.Writing{Model: model, Name: model.Name(), Context: model.Context(), Tokens: c.TokensPerQuestion, Mark: c.Unsupported == config.Mark}, nil
}

// answerer answers with the configured language model, where one is set.
func (a *app) answerer(retriever *rag.Retriever) (*rag.Answerer, error) {
	w, err := a.writing()
	answerer := rag.NewAnswerer(retriever, a.db)
	if w == nil || err != nil {
		return answerer, err
	}
	return answerer.WithWriting(*w), nil
}

// log writes what the parts have to say to standard error.
func (a *app) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: a.cfg.LogLevel}))
}

// close gives back what was opened, also after ctx is done.
func (a *app) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWait)
	defer cancel()
	var errs []error
	if a.model != nil {
		errs = append(errs, a.model.Close())
	}
	if a.db != nil {
		a.db.Close()
	}
	if a.server != nil {
		errs = append(errs, a.server.Close(ctx))
	}
	return errors.Join(errs...)
}

// terminal shows answers on standard output, in colour when a person looks at it.
func (a *app) terminal() bot.Terminal {
	return bot.Terminal{Out: a.out, Lang: a.lang, Color: isTerminal(a.out) && a.getenv("NO_COLOR") == ""}
}

// isTerminal says whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
