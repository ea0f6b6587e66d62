package telegram

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// ref is what stands in a message of the bot's that can be gone on from.
type ref struct {
	Message      int64
	Topic        int64
	Question     int64 // the message that it answers
	Answer       int64 // in the log of answers; 0: none
	Conversation string
	Parent       string
	Words        string
}

// refer notes what stands in a message.
func (i *inbox) refer(ctx context.Context, chat int64, r ref) error {
	return i.exec(ctx, "note an answer", `insert into telegram_messages (bot, chat, message, topic, question, answer, conversation, parent, words)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (bot, chat, message) do update set question = $5, answer = $6, conversation = $7, parent = $8, words = $9`,
		i.bot, chat, r.Message, r.Topic, r.Question, r.Answer, r.Conversation, r.Parent, r.Words)
}

// unrefer forgets a message that is no more.
func (i *inbox) unrefer(ctx context.Context, chat, message int64) error {
	return i.exec(ctx, "forget a message", `delete from telegram_messages where bot = $1 and chat = $2 and message = $3`, i.bot, chat, message)
}

const refColumns = `message, topic, question, answer, conversation, parent, words`

// refOf is what stands in a message, nil where it is not known.
func (i *inbox) refOf(ctx context.Context, chat, message int64) (*ref, error) {
	rows, _ := i.pool.Query(ctx, `select `+refColumns+` from telegram_messages where bot = $1 and chat = $2 and message = $3`, i.bot, chat, message)
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByPos[ref])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up a message: %w", err)
	}
	return r, nil
}

// answersTo are the messages that answer a message of a person, in their order.
func (i *inbox) answersTo(ctx context.Context, chat, question int64) ([]ref, error) {
	rows, _ := i.pool.Query(ctx, `select `+refColumns+` from telegram_messages where bot = $1 and chat = $2 and question = $3 and conversation <> ''
		order by message`, i.bot, chat, question)
	refs, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ref])
	if err != nil {
		return nil, fmt.Errorf("look up the answers to a message: %w", err)
	}
	return refs, nil
}

// conversations are those of a topic, as far as they are remembered.
func (i *inbox) conversations(ctx context.Context, chat int64, topic int) ([]string, error) {
	rows, _ := i.pool.Query(ctx, `select distinct c from telegram_messages, unnest(array[conversation, parent]) c where bot = $1 and chat = $2 and topic = $3 and c <> ''
		and sent_at > now() - interval '25 hours'`, i.bot, chat, topic)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look up the conversations: %w", err)
	}
	return all, nil
}

// head is the conversation that the next question in a topic goes on from.
func (i *inbox) head(ctx context.Context, chat int64, topic int) (head string, err error) {
	err = i.pool.QueryRow(ctx, `select coalesce((select head from telegram_chats where bot = $1 and chat = $2 and topic = $3), '')`, i.bot, chat, topic).Scan(&head)
	if err != nil {
		return "", fmt.Errorf("look up the conversation: %w", err)
	}
	return head, nil
}

// forget lets the next question in a topic stand by itself.
func (i *inbox) forget(ctx context.Context, chat int64, topic int) error {
	return i.exec(ctx, "begin a new conversation", `update telegram_chats set head = '' where bot = $1 and chat = $2 and topic = $3`, i.bot, chat, topic)
}

// settings hold for a chat.
type settings struct {
	Lang string `json:"lang,omitempty"` // "": as the person writes
	Open bool   `json:"open,omitempty"` // quotes are shown whole at once
}

func (i *inbox) settings(ctx context.Context, chat int64) (s settings, err error) {
	err = i.pool.QueryRow(ctx, `select coalesce((select settings from telegram_chats where bot = $1 and chat = $2 and topic = 0), '{}')`, i.bot, chat).Scan(&s)
	if err != nil {
		return s, fmt.Errorf("look up the settings: %w", err)
	}
	return s, nil
}

func (i *inbox) set(ctx context.Context, chat int64, s settings) error {
	return i.exec(ctx, "keep the settings", `insert into telegram_chats (bot, chat, topic, settings) values ($1, $2, 0, $3)
		on conflict (bot, chat, topic) do update set settings = $3`, i.bot, chat, s)
}

// move notes that a group is a supergroup now, with what holds for it.
func (i *inbox) move(ctx context.Context, from, to int64) error {
	var batch pgx.Batch
	batch.Queue(`insert into telegram_moves (bot, old_chat, new_chat) values ($1, $2, $3) on conflict (bot, old_chat) do update set new_chat = $3`, i.bot, from, to)
	batch.Queue(`insert into telegram_chats (bot, chat, topic, settings, head) select bot, $3, topic, settings, head from telegram_chats
		where bot = $1 and chat = $2 on conflict do nothing`, i.bot, from, to)
	if err := i.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("note the new id of a group: %w", err)
	}
	return nil
}

// formerly are the ids that a chat has had.
func (i *inbox) formerly(ctx context.Context, chat int64) ([]int64, error) {
	rows, _ := i.pool.Query(ctx, `select old_chat from telegram_moves where bot = $1 and new_chat = $2`, i.bot, chat)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("look up a group: %w", err)
	}
	return ids, nil
}

// newID is the id that a chat has now.
func (i *inbox) newID(ctx context.Context, chat int64) (id int64, err error) {
	err = i.pool.QueryRow(ctx, `select coalesce((select new_chat from telegram_moves where bot = $1 and old_chat = $2), $2)`, i.bot, chat).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("look up a group: %w", err)
	}
	return id, nil
}
