package telegramtest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Draft is a state of a message that the bot was still writing.
type Draft struct {
	Chat   int64
	Thread int
	ID     int64
	Text   Text
}

// Action is what the bot was said to be doing.
type Action struct {
	Chat   int64
	Thread int
	Action string // typing, ...
}

// Drafts are those of a chat, in order.
func (s *Server) Drafts(chat int64) []Draft {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.drafts), func(d Draft) bool { return d.Chat != chat })
}

// Actions are those of a chat, in order.
func (s *Server) Actions(chat int64) []Action {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.actions), func(a Action) bool { return a.Chat != chat })
}

// chatOf is the chat that a call writes to, with the lock held.
func (s *Server) chatOf(r *request) (*chat, *refusal) {
	id := r.params["chat_id"]
	if id == "" {
		return nil, bad("chat_id is empty")
	}
	var c *chat
	if name, ok := strings.CutPrefix(id, "@"); ok {
		for _, some := range s.chats {
			if some.Type != "private" && some.Username == name {
				c = some
			}
		}
	} else if n, err := strconv.ParseInt(id, 10, 64); err == nil {
		c = s.chats[n]
	}
	switch {
	case c == nil:
		return nil, bad("chat not found")
	case c.migratedTo != 0:
		refused := bad("group chat was upgraded to a supergroup chat")
		refused.migratedTo = c.migratedTo
		return nil, refused
	case c.isBlocked:
		return nil, forbidden("bot was blocked by the user")
	case c.isKicked:
		return nil, forbidden("bot was kicked from the " + strings.Replace(c.Type, "group", "group chat", 1))
	}
	return c, nil
}

// thread is the topic that a call writes to, 0 for none.
func (c *chat) thread(r *request) (int, *refusal) {
	id := int(r.number("message_thread_id"))
	if r.params["message_thread_id"] == "" || r.params["message_thread_id"] == "0" {
		return 0, nil
	}
	if !slices.Contains(c.topics, id) {
		return 0, bad("message thread not found")
	}
	return id, nil
}

// begin begins a message of the bot's: where it goes, what it answers, what hangs on it. The lock is held.
func (s *Server) beginMessage(r *request) (*chat, *Message, *refusal) {
	c, refused := s.chatOf(r)
	if refused != nil {
		return nil, nil, refused
	}
	bot := s.Bot()
	m := &Message{From: &bot, Date: s.options.Now().Unix(), Silent: r.isTrue("disable_notification")}
	if m.ThreadID, refused = c.thread(r); refused != nil {
		return nil, nil, refused
	}
	m.IsTopic = m.ThreadID != 0
	if refused = c.reply(r, m); refused != nil {
		return nil, nil, refused
	}
	if m.ReplyMarkup, refused = markup(r); refused != nil {
		return nil, nil, refused
	}
	return c, m, r.object("link_preview_options", &struct{}{}, "link preview options")
}

// replyParameters say which message is answered.
type replyParameters struct {
	Message  int64  `json:"message_id"`
	Anyway   bool   `json:"allow_sending_without_reply"`
	Quote    string `json:"quote"`
	Mode     string `json:"quote_parse_mode"`
	Position int    `json:"quote_position"`
}

const maxQuote = 1024 // UTF-16 units

// reply reads what a message answers.
func (c *chat) reply(r *request, m *Message) *refusal {
	p := replyParameters{Message: r.number("reply_to_message_id"), Anyway: r.isTrue("allow_sending_without_reply")}
	if refused := r.object("reply_parameters", &p, "reply parameters"); refused != nil {
		return refused
	}
	if p.Message == 0 && r.params["reply_parameters"] == "" {
		return nil
	}
	to := c.message(p.Message)
	if to == nil {
		if p.Anyway {
			return nil
		}
		return bad("message to be replied not found")
	}
	copied := *to
	copied.ReplyTo = nil
	m.ReplyTo = &copied
	if p.Quote == "" {
		return nil
	}
	quote, refused := parseText(p.Quote, p.Mode, "")
	if refused != nil {
		return refused
	}
	at := strings.Index(to.Shown().Text, quote.Text)
	if at < 0 || Units(quote.Text) > maxQuote {
		return bad("QUOTE_TEXT_INVALID")
	}
	m.Quote = &TextQuote{Text: quote.Text, Position: Units(to.Shown().Text[:at]), IsManual: true}
	return nil
}

// text reads the text of a message.
func (r *request) text() (Text, *refusal) {
	t, refused := parseText(r.params["text"], r.params["parse_mode"], "message text is empty")
	if refused != nil {
		return t, refused
	}
	if refused := t.mark(r, "entities"); refused != nil {
		return t, refused
	}
	r.noted(t)
	if Units(t.Text) > MaxText {
		return t, bad("message is too long")
	}
	return t, nil
}

// mark takes the entities that come beside a text without parse mode.
func (t *Text) mark(r *request, name string) *refusal {
	if r.params["parse_mode"] != "" || r.params[name] == "" {
		return nil
	}
	var given []Entity
	if json.Unmarshal([]byte(r.params[name]), &given) != nil {
		return bad("can't parse entities: entities must be an array of MessageEntity")
	}
	units := Units(t.Text)
	for _, e := range given {
		if e.Offset < 0 || e.Length < 0 || e.Offset+e.Length > units {
			return bad("entity beginning at UTF-16 offset %d ends after the end of the text at UTF-16 offset %d", e.Offset, e.Offset+e.Length)
		}
	}
	t.Entities = given
	*t = t.finish()
	return nil
}

func (s *Server) sendMessage(r *request) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := r.text()
	if refused != nil {
		return nil, refused
	}
	c, m, refused := s.beginMessage(r)
	if refused == nil {
		refused = s.limit(c)
	}
	if refused != nil {
		return nil, refused
	}
	m.Text, m.Entities = t.Text, t.Entities
	return c.put(m), nil
}

func (s *Server) sendDocument(r *request) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	file := r.upload
	if file == nil {
		file = s.files[r.params["document"]]
	}
	switch {
	case file == nil && r.params["document"] == "":
		return nil, bad("there is no document in the request")
	case file == nil:
		return nil, bad("wrong remote file identifier specified: Wrong string length")
	case len(file.Data) == 0:
		return nil, bad("file must be non-empty")
	}
	var t Text
	if r.params["caption"] != "" {
		var refused *refusal
		if t, refused = parseText(r.params["caption"], r.params["parse_mode"], ""); refused != nil {
			return nil, refused
		}
		r.noted(t)
	}
	if Units(t.Text) > MaxCaption {
		return nil, bad("message caption is too long")
	}
	c, m, refused := s.beginMessage(r)
	if refused == nil {
		refused = s.limit(c)
	}
	if refused != nil {
		return nil, refused
	}
	m.Caption, m.CaptionEntities, m.Document = t.Text, t.Entities, s.keep(*file)
	return c.put(m), nil
}

// editable is the message of the bot's that a call changes, and what hangs on it then. The lock is held.
func (s *Server) editable(r *request) (*chat, *Message, json.RawMessage, *refusal) {
	if r.params["message_id"] == "" {
		return nil, nil, nil, bad("message identifier is not specified")
	}
	c, refused := s.chatOf(r)
	if refused != nil {
		return nil, nil, nil, refused
	}
	hanging, refused := markup(r)
	if refused != nil {
		return nil, nil, nil, refused
	}
	m := c.message(r.number("message_id"))
	switch {
	case m == nil:
		return nil, nil, nil, bad("message to edit not found")
	case m.From == nil || m.From.ID != BotID:
		return nil, nil, nil, bad("message can't be edited")
	}
	return c, m, hanging, nil
}

// notModified refuses an edit that leaves a message as it is.
func notModified() *refusal {
	return bad("message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
}

func (s *Server) editMessageText(r *request) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := r.text()
	if refused != nil {
		return nil, refused
	}
	c, m, hanging, refused := s.editable(r)
	switch {
	case refused != nil:
		return nil, refused
	case m.Text == "":
		return nil, bad("there is no text in the message to edit")
	case m.Text == t.Text && slices.Equal(m.Entities, t.Entities) && string(m.ReplyMarkup) == string(hanging):
		return nil, notModified()
	}
	if refused := s.limit(c); refused != nil {
		return nil, refused
	}
	m.Text, m.Entities = t.Text, t.Entities
	return s.edited(m, hanging), nil
}

func (s *Server) editMessageReplyMarkup(r *request) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, m, hanging, refused := s.editable(r)
	if refused == nil && string(m.ReplyMarkup) == string(hanging) {
		refused = notModified()
	}
	if refused == nil {
		refused = s.limit(c)
	}
	if refused != nil {
		return nil, refused
	}
	return s.edited(m, hanging), nil
}

func (s *Server) edited(m *Message, hanging json.RawMessage) *Message {
	m.ReplyMarkup, m.EditDate = hanging, s.options.Now().Unix()
	shown := *m
	return &shown
}

func (s *Server) deleteMessage(r *request) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, refused := s.chatOf(r)
	if refused != nil {
		return nil, refused
	}
	m := c.message(r.number("message_id"))
	switch {
	case m == nil:
		return nil, bad("message to delete not found")
	case c.Type != "private" && (m.From == nil || m.From.ID != BotID):
		return nil, bad("message can't be deleted")
	}
	c.messages = slices.DeleteFunc(c.messages, func(other *Message) bool { return other == m })
	return true, nil
}

func (s *Server) sendMessageDraft(r *request) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := r.text()
	if refused != nil {
		return nil, refused
	}
	c, refused := s.chatOf(r)
	if refused != nil {
		return nil, refused
	}
	if c.Type != "private" {
		return nil, bad("message drafts can be sent only to private chats")
	}
	if r.number("draft_id") == 0 {
		return nil, bad("draft identifier must be non-zero")
	}
	thread, refused := c.thread(r)
	if refused != nil {
		return nil, refused
	}
	s.drafts = append(s.drafts, Draft{Chat: c.ID, Thread: thread, ID: r.number("draft_id"), Text: t})
	return true, nil
}

var chatActions = []string{
	"typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
	"choose_sticker", "find_location", "record_video_note", "upload_video_note",
}

func (s *Server) sendChatAction(r *request) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, refused := s.chatOf(r)
	if refused != nil {
		return nil, refused
	}
	thread, refused := c.thread(r)
	if refused != nil {
		return nil, refused
	}
	if !slices.Contains(chatActions, r.params["action"]) {
		return nil, bad("wrong parameter action in request")
	}
	s.actions = append(s.actions, Action{Chat: c.ID, Thread: thread, Action: r.params["action"]})
	return true, nil
}
