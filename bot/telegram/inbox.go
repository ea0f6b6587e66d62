package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Limits of the inbox.
const (
	keepDone  = 48 * time.Hour      // Telegram gives an update out again for 24 hours at most
	keepFiles = 24 * time.Hour      // that nobody has confirmed
	keepRefs  = 90 * 24 * time.Hour // that buttons under old messages work
	slowest   = 10 * time.Second    // that the database may take for one thing
	between   = 3 * time.Second     // of the turns of a person's updates: what others send in this time comes between them
	maxAlone  = 8                   // failures of a call that may pass, while others go well
	maxLost   = 3                   // sends of one message of which it is not known whether they went through
	maxTries  = 5                   // of an update that fails, ends the program, or takes longer than its lease, each time
)

// inbox keeps the updates of one bot in the database, so that none is lost and each is handled once, in however many
// processes.
type inbox struct {
	pool  *pgxpool.Pool
	bot   int64
	name  string        // of this process
	lease time.Duration // after which an update that its process has not held on to is taken by another
	most  int           // so often an update is taken that is not put off
	takes atomic.Int64
}

// errLost says that an update is another's now: its lease has ended while it was worked on. What is done to it without
// its claim would be done twice.
var errLost = errors.New("the update has been taken over by another process")

// put stores updates; those that are there already stay as they are. It returns when they are safe.
func (i *inbox) put(ctx context.Context, raw []json.RawMessage) (last int64, err error) {
	var batch pgx.Batch
	for _, body := range raw {
		u, err := readUpdate(body)
		failure := ""
		if err != nil {
			failure = storable("it cannot be read: " + err.Error())
			u = update{ID: idOf(body)}
		}
		if u.ID <= 0 {
			continue // it cannot be told from others, nor acknowledged
		}
		last = max(last, u.ID)
		batch.Queue(`insert into telegram_updates (bot, id, lane, person, turn, body, failure, done_at)
			values ($1, $2, $3, $4, greatest(now(), (select max(turn) from telegram_updates where bot = $1 and person = $4 and $4 <> 0 and done_at is null) + $7::interval),
				$5, $6, case when $6 <> '' then now() end) on conflict do nothing`,
			i.bot, u.ID, u.lane(), u.person(), []byte(body), failure, between)
	}
	if batch.Len() == 0 {
		return 0, errNoUpdate
	}
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	err = pgx.BeginFunc(ctx, i.pool, func(tx pgx.Tx) error { return tx.SendBatch(ctx, &batch).Close() })
	if err != nil {
		return last, fmt.Errorf("store updates of Telegram: %w", err)
	}
	return last, nil
}

var errNoUpdate = errors.New("what came is no update that can be read")

// idOf is the id of an update whose other parts cannot be read, 0 where there is none.
func idOf(body []byte) int64 {
	var u struct {
		ID int64 `json:"update_id"`
	}
	if json.Unmarshal(body, &u) != nil {
		return 0
	}
	return u.ID
}

// item is an update that this process works on.
type item struct {
	update
	claim    string // of this taking, unlike any other
	tries    int    // so often it was taken since it was last put off, this time included
	putOff   int
	alone    int // so often while other calls went well
	lost     int // sends of the message that is next of which it is not known whether they went through
	received time.Time
	outbox   *outbox // nil: it is not known yet
	sent     []int64
	filled   int // of these, so many hold their texts

	isCounted bool // as a question, in a try before this one
	isToasted bool // the button that was pressed has got its word
	hasActed  bool // it was counted as something that the person set off, likewise
}

// takeNext takes the first update of a lane that is nobody's, the one whose turn is first, so that nobody waits behind all that
// another one has sent. One that ended the program, or was being worked on when it ended,
// comes before others, where $4 lets it come at all. The first of all lanes are found in one pass over what is not done: a join
// would be one pass for each of them where the planner has no figures. Sixteen, for others may be about to take some.
const takeNext = `update telegram_updates set claimed_by = $2, leased = now() + $3::interval, tries = tries + 1
	where bot = $1 and id = (select id from telegram_updates
		where bot = $1 and done_at is null and not_before <= now() and leased < now() and id = any(array(
			select id from (select distinct on (lane) id, not_before, leased, tries, turn from telegram_updates
				where bot = $1 and done_at is null order by lane, id) first
			where not_before <= now() and leased < now() and (tries = 0 or $4)
			order by tries = 0, tries, turn, id limit 16))
		order by tries = 0, tries, turn, id limit 1 for update skip locked)
	returning id, body, tries, put_off, alone, lost, filled, received_at, outbox, sent, asked_at is not null, acted_at is not null`

// take leases the update that is next, nil for none. Suspects are those that were being worked on when a process ended.
func (i *inbox) take(ctx context.Context, suspects bool) (*item, error) {
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	it := item{claim: fmt.Sprintf("%s %d", i.name, i.takes.Add(1))}
	var id int64
	var body, out []byte
	err := i.pool.QueryRow(ctx, takeNext, i.bot, it.claim, i.lease, suspects).
		Scan(&id, &body, &it.tries, &it.putOff, &it.alone, &it.lost, &it.filled, &it.received, &out, &it.sent, &it.isCounted, &it.hasActed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("take the next update: %w", err)
	}
	it.update, err = readUpdate(body)
	if it.ID = id; err != nil { // another version of the program has stored it
		return nil, errors.Join(fmt.Errorf("take the next update: %w", err), i.done(ctx, &it, err.Error()))
	}
	if out != nil && json.Unmarshal(out, &it.outbox) != nil {
		it.outbox = nil // likewise: it is found anew
	}
	return &it, nil
}

// hold makes the leases of this process last on.
func (i *inbox) hold(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	_, err := i.pool.Exec(ctx, `update telegram_updates set leased = now() + $3::interval
		where bot = $1 and starts_with(claimed_by, $2) and done_at is null and leased > now()`, i.bot, i.name+" ", i.lease)
	return err
}

// done ends an update. failure is why it was given up, "" where it was not. What was said is let go of: in a group it may be talk
// that was not for the bot.
func (i *inbox) done(ctx context.Context, it *item, failure string) error {
	return i.change(ctx, "end an update", it, `done_at = now(), failure = $4, body = '', outbox = null`, storable(failure))
}

// longestFailure is how much is kept of why an update was given up, in bytes.
const longestFailure = 1000

// storable is a text as the database takes it.
func storable(text string) string {
	text = strings.ReplaceAll(text, "\x00", " ")
	return strings.ToValidUTF8(text[:min(len(text), longestFailure)], "")
}

// putBack lets an update be taken again after a while. It counts where something has failed.
func (i *inbox) putBack(ctx context.Context, it *item, after time.Duration, counts bool) error {
	n := 0
	if counts {
		n = 1
	}
	return i.change(ctx, "put an update off", it,
		`leased = '-infinity', claimed_by = '', tries = 0, put_off = put_off + $5::int, alone = $6, lost = $7, filled = $8, not_before = now() + $4::interval`,
		after, n, it.alone, it.lost, it.filled)
}

// release gives back what this process has not ended.
func (i *inbox) release(ctx context.Context) error {
	return i.exec(ctx, "give updates back", `update telegram_updates set leased = '-infinity', claimed_by = '', tries = tries - 1
		where bot = $1 and starts_with(claimed_by, $2) and done_at is null`, i.bot, i.name+" ")
}

// change sets columns of an update that this process works on; $4 and on are the values. It returns errLost where another
// one does by now.
func (i *inbox) change(ctx context.Context, what string, it *item, columns string, values ...any) error {
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	tag, err := i.pool.Exec(ctx, `update telegram_updates set `+columns+` where bot = $1 and id = $2 and claimed_by = $3 and done_at is null`,
		append([]any{i.bot, it.ID, it.claim}, values...)...)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("%s: %w", what, errLost)
	}
	return nil
}

// note keeps what is to be sent, the messages that will hold it, and the conversation that the next question goes on from.
func (i *inbox) note(ctx context.Context, it *item) error {
	out, err := json.Marshal(it.outbox)
	if err != nil {
		return fmt.Errorf("keep what is to be sent: %w", err)
	}
	if it.sent == nil {
		it.sent = []int64{}
	}
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	err = pgx.BeginFunc(ctx, i.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update telegram_updates set outbox = $4, sent = $5 where bot = $1 and id = $2 and claimed_by = $3 and done_at is null`,
			i.bot, it.ID, it.claim, out, it.sent)
		if err == nil && tag.RowsAffected() == 0 {
			err = errLost
		}
		if o := it.outbox; err == nil && o.Ref != nil && o.Leads {
			_, err = tx.Exec(ctx, `insert into telegram_chats (bot, chat, topic, head) values ($1, $2, $3, $4) on conflict (bot, chat, topic) do update set head = $4`,
				i.bot, o.Chat, o.Topic, o.Ref.Conversation)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("keep what is to be sent: %w", err)
	}
	return nil
}

// sentAs notes the message that holds, or will hold, the n-th part of what is sent.
func (i *inbox) sentAs(ctx context.Context, it *item, n int, id int64) error {
	it.sent = append(it.sent[:n:n], append([]int64{id}, it.sent[min(n+1, len(it.sent)):]...)...)
	return i.change(ctx, "note a message", it, `sent = $4`, it.sent)
}

// allow counts an update as a question, unless the person, or all together, have asked too much in the last minute: then it
// says how long to wait, and whether the person was told before.
func (i *inbox) allow(ctx context.Context, it *item, perPerson, overall int) (wait time.Duration, wasTold bool, err error) {
	err = pgx.BeginFunc(ctx, i.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('telegram questions', $1))`, i.bot); err != nil {
			return err
		}
		var mine, all *time.Duration // until one more may be asked; nil: it may
		err := tx.QueryRow(ctx, `with asked as (select person, asked_at, starts_with(lane, 'inline ') is_inline from telegram_updates where bot = $1 and asked_at > now() - interval '1 minute' and id <> $2)
			select (select asked_at from asked where person = $3 and not is_inline order by asked_at desc offset $4 - 1 limit 1) + interval '1 minute' - now(),
				(select asked_at from asked order by asked_at desc offset $5 - 1 limit 1) + interval '1 minute' - now(),
				exists (select from telegram_updates where bot = $1 and person = $3 and failure = $6 and done_at > now() - interval '1 minute'
					and split_part(lane, ' ', 1) = split_part($7, ' ', 1))`,
			i.bot, it.ID, it.person(), perPerson, overall, tooFast, it.lane()).Scan(&mine, &all, &wasTold)
		if err != nil {
			return err
		}
		for _, w := range []*time.Duration{mine, all} {
			if w != nil {
				wait = max(wait, *w, time.Second)
			}
		}
		if wait == 0 {
			_, err = tx.Exec(ctx, `update telegram_updates set asked_at = coalesce(asked_at, now()) where bot = $1 and id = $2`, i.bot, it.ID)
		}
		return err
	})
	if err != nil {
		return 0, false, fmt.Errorf("count the question: %w", err)
	}
	return wait, wasTold, nil
}

// Failures of what is beyond the limits: of questions, and of all that a person sets off.
const (
	tooFast = "too many questions"
	tooMuch = "too much of one person"
)

// act counts an update as something that its person set off, unless that is too much within a minute: then it says whether
// the person was told so, in the same kind of place.
func (i *inbox) act(ctx context.Context, it *item, most int) (may, wasTold bool, err error) {
	if it.hasActed {
		return true, false, nil
	}
	err = i.pool.QueryRow(ctx, `with mine as (select acted_at, failure, lane from telegram_updates
			where bot = $1 and person = $3 and acted_at > now() - interval '1 minute' and id <> $2),
		counted as (select count(*) filter (where failure <> $5) < $4 may,
			coalesce(bool_or(failure = $5 and split_part(lane, ' ', 1) = split_part($6, ' ', 1)), false) told from mine),
		noted as (update telegram_updates set acted_at = now() where bot = $1 and id = $2 and acted_at is null)
		select may, told from counted`, i.bot, it.ID, it.person(), most, tooMuch, it.lane()).Scan(&may, &wasTold)
	if err != nil {
		return false, false, fmt.Errorf("count what a person does: %w", err)
	}
	it.hasActed = may
	return may, wasTold, nil
}

// refuse notes that whoever may not ask in a chat is told so, unless that was done within the hour.
func (i *inbox) refuse(ctx context.Context, chat int64) (isNew bool, err error) {
	tag, err := i.pool.Exec(ctx, `insert into telegram_chats (bot, chat, topic, refused) values ($1, $2, 0, now())
		on conflict (bot, chat, topic) do update set refused = now() where telegram_chats.refused < now() - interval '1 hour'`, i.bot, chat)
	if err != nil {
		return false, fmt.Errorf("note that a chat was told: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}

// isNewest says whether no later update waits in the same lane.
func (i *inbox) isNewest(ctx context.Context, it *item) (is bool, err error) {
	err = i.pool.QueryRow(ctx, `select not exists (select from telegram_updates where bot = $1 and lane = $2 and done_at is null and id > $3)`, i.bot, it.lane(), it.ID).Scan(&is)
	if err != nil {
		return false, fmt.Errorf("look for later updates: %w", err)
	}
	return is, nil
}

// waiting counts the updates that are not done.
func (i *inbox) waiting(ctx context.Context) (n int, err error) {
	err = i.pool.QueryRow(ctx, `select count(*) from telegram_updates where bot = $1 and done_at is null`, i.bot).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count the updates that wait: %w", err)
	}
	return n, nil
}

// prune deletes what nothing will ask for any more.
func (i *inbox) prune(ctx context.Context) error {
	var batch pgx.Batch
	batch.Queue(`delete from telegram_updates where done_at < now() - $1::interval`, keepDone)
	batch.Queue(`delete from telegram_files where sent_at < now() - $1::interval`, keepFiles)
	batch.Queue(`delete from telegram_messages where sent_at < now() - $1::interval`, keepRefs)
	if err := i.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("delete old updates: %w", err)
	}
	return nil
}

func (i *inbox) exec(ctx context.Context, what, sql string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	if _, err := i.pool.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
