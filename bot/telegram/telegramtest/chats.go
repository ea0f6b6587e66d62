package telegramtest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// chat is a chat and what stands in it.
type chat struct {
	Chat
	messages []*Message
	topics   []int
	lastID   int

	isBlocked  bool
	isKicked   bool
	migratedTo int64

	members map[int64]string // their status, where it was set
}

// AddUser makes a private chat with a user, as if they had pressed Start.
func (s *Server) AddUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.chats[u.ID] == nil {
		s.chats[u.ID] = &chat{Chat: Chat{ID: u.ID, Type: "private", Username: u.Username}}
	}
}

// AddGroup adds a group of which the bot is a member. Topics, by their thread ids, make it a forum.
func (s *Server) AddGroup(c Chat, topics ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(topics) > 0 {
		c.IsForum = true
	}
	s.chats[c.ID] = &chat{Chat: c, topics: topics}
}

// Block lets the user of a private chat block the bot.
func (s *Server) Block(user int64) { s.change(user, func(c *chat) { c.isBlocked = true }) }

// Unblock takes Block back.
func (s *Server) Unblock(user int64) { s.change(user, func(c *chat) { c.isBlocked = false }) }

// SetMember gives a person a status in a group: creator, administrator, member, left or kicked.
func (s *Server) SetMember(group, user int64, status string) {
	s.change(group, func(c *chat) {
		if c.members == nil {
			c.members = map[int64]string{}
		}
		c.members[user] = status
	})
}

// getChatMember tells the status of a person in a chat. Who was given none is a member where they have written.
func (s *Server) getChatMember(r *request) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, refused := s.chatOf(r)
	if refused != nil {
		return nil, refused
	}
	user := r.number("user_id")
	if user <= 0 {
		return nil, bad("invalid user_id specified")
	}
	status := c.members[user]
	if status == "" && slices.ContainsFunc(c.messages, func(m *Message) bool { return m.From != nil && m.From.ID == user }) {
		status = "member"
	}
	if status == "" {
		return nil, bad("member not found")
	}
	return map[string]any{"status": status, "user": User{ID: user}}, nil
}

// Kick removes the bot from a group.
func (s *Server) Kick(group int64) { s.change(group, func(c *chat) { c.isKicked = true }) }

// RemoveTopic deletes a topic of a forum.
func (s *Server) RemoveTopic(group int64, thread int) {
	s.change(group, func(c *chat) {
		c.topics = slices.DeleteFunc(slices.Clone(c.topics), func(t int) bool { return t == thread })
	})
}

// Migrate makes a group a supergroup with a new id; the bot gets the messages of service that say so.
func (s *Server) Migrate(group, supergroup int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := s.chats[group]
	if from == nil {
		s.tb.Errorf("telegramtest: there is no chat %d", group)
		return
	}
	from.migratedTo = supergroup
	to := &chat{Chat: from.Chat}
	to.ID, to.Type = supergroup, "supergroup"
	s.chats[supergroup] = to
	s.deliver(Update{Message: from.put(&Message{Date: s.options.Now().Unix(), MigrateToChatID: supergroup})})
	s.deliver(Update{Message: to.put(&Message{Date: s.options.Now().Unix(), MigrateFromChatID: group})})
}

func (s *Server) change(id int64, how func(*chat)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.chats[id]; c != nil {
		how(c)
		return
	}
	s.tb.Errorf("telegramtest: there is no chat %d", id)
}

// put gives a message its place in the chat.
func (c *chat) put(m *Message) *Message {
	c.lastID++
	m.ID, m.Chat = c.lastID, c.Chat
	c.messages = append(c.messages, m)
	shown := *m
	return &shown
}

func (c *chat) message(id int64) *Message {
	for _, m := range c.messages {
		if int64(m.ID) == id {
			return m
		}
	}
	return nil
}

// Messages are those of a chat, of all who write in it, as they are seen now.
func (s *Server) Messages(chat int64) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var messages []Message
	if c := s.chats[chat]; c != nil {
		for _, m := range c.messages {
			messages = append(messages, *m)
		}
	}
	return messages
}

// Sent are the bot's messages in a chat, as they are seen now.
func (s *Server) Sent(chat int64) []Message {
	return slices.DeleteFunc(s.Messages(chat), func(m Message) bool { return m.From == nil || m.From.ID != BotID })
}

// Shown is the text of the message, with its entities.
func (m Message) Shown() Text {
	if m.Text == "" {
		return Text{Text: m.Caption, Entities: m.CaptionEntities}
	}
	return Text{Text: m.Text, Entities: m.Entities}
}

// Buttons are the buttons of the message's inline keyboard, row by row.
func (m Message) Buttons() [][]Button {
	var markup struct {
		Rows [][]Button `json:"inline_keyboard"`
	}
	_ = json.Unmarshal(m.ReplyMarkup, &markup) // it was checked when it came; none: no buttons
	return markup.Rows
}

// Incoming is what a person writes in a chat.
type Incoming struct {
	Chat      int64 // 0: the private chat with From, which it opens
	From      User
	Thread    int // the topic of a forum
	Text      string
	ReplyTo   int // the id of a message of the chat
	Document  *File
	Caption   string // of the document
	Sticker   string // an emoji
	Forwarded bool   // it is another one's message

	Otherwise func(*Message) // changes what there is no field for, before the bot gets it; nil: nothing
}

// Receive puts a message of a person into its chat and gives it to the bot.
func (s *Server) Receive(in Incoming) Message {
	if in.Chat == 0 {
		s.AddUser(in.From)
		in.Chat = in.From.ID
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[in.Chat]
	if c == nil {
		s.tb.Errorf("telegramtest: there is no chat %d", in.Chat)
		return Message{}
	}
	now := s.options.Now().Unix()
	m := &Message{From: &in.From, Date: now, Text: in.Text, Entities: entitiesOf(in.Text), Caption: in.Caption, CaptionEntities: entitiesOf(in.Caption)}
	if in.Thread != 0 {
		m.ThreadID, m.IsTopic = in.Thread, true
	}
	if in.ReplyTo != 0 {
		s.replyTo(c, m, in.ReplyTo)
	}
	if in.Document != nil {
		m.Document = s.keep(*in.Document)
	}
	if in.Sticker != "" {
		id := s.newID("sticker")
		m.Sticker = &Sticker{FileID: id, FileUniqueID: "u" + id, Type: "regular", Emoji: in.Sticker}
	}
	if in.Forwarded {
		m.ForwardOrigin = &Origin{Type: "user", Date: now - 60, SenderUser: &User{ID: 77, FirstName: "另一人"}}
	}
	if in.Otherwise != nil {
		in.Otherwise(m)
	}
	shown := c.put(m)
	s.deliver(Update{Message: shown})
	return *shown
}

// replyTo makes a message answer another one. In a supergroup that is no forum it stands then in a thread, too,
// which is no topic: a trap of the real server's.
func (s *Server) replyTo(c *chat, m *Message, id int) {
	to := c.message(int64(id))
	if to == nil {
		s.tb.Errorf("telegramtest: there is no message %d in chat %d", id, c.ID)
		return
	}
	copied := *to
	copied.ReplyTo = nil
	m.ReplyTo = &copied
	if c.Type == "supergroup" && !c.IsForum {
		m.ThreadID = id
		if to.ThreadID != 0 {
			m.ThreadID = to.ThreadID
		}
	}
}

// Edit changes the text of a person's message and tells the bot.
func (s *Server) Edit(in int64, id int, text string) {
	s.change(in, func(c *chat) {
		m := c.message(int64(id))
		if m == nil {
			s.tb.Errorf("telegramtest: there is no message %d in chat %d", id, in)
			return
		}
		m.Text, m.Entities, m.EditDate = text, entitiesOf(text), s.options.Now().Unix()
		shown := *m
		s.deliver(Update{EditedMessage: &shown})
	})
}

// Press presses a button of a message of the bot's, and returns the id of the query. It fails the test where the
// message has no button with the data.
func (s *Server) Press(from User, chat int64, message int, data string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var m *Message
	if c := s.chats[chat]; c != nil {
		m = c.message(int64(message))
	}
	if m == nil || !slices.ContainsFunc(slices.Concat(m.Buttons()...), func(b Button) bool { return b.Data == data }) {
		s.tb.Errorf("telegramtest: message %d in chat %d has no button %q", message, chat, data)
		return ""
	}
	return s.press(from, m, data)
}

// press gives the bot a pressed button. The lock is held.
func (s *Server) press(from User, m *Message, data string) string {
	shown := *m
	id := s.ask("callback_query")
	s.deliver(Update{CallbackQuery: &CallbackQuery{ID: id, From: from, Message: &shown, ChatInstance: "1", Data: data}})
	return id
}

// Forge is Press by a program that sends any data under any message, as if it had such a button.
func (s *Server) Forge(from User, m Message, data string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.press(from, &m, data)
}

// Inquire writes a text behind the bot's name, and returns the id of the query.
func (s *Server) Inquire(from User, text, offset string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.ask("inline_query")
	s.deliver(Update{InlineQuery: &InlineQuery{ID: id, From: from, Query: text, Offset: offset}})
	return id
}

func (s *Server) newID(kind string) string {
	s.nextID++
	return kind + strconv.FormatInt(s.nextID, 10)
}

// entitiesOf are the commands and names in a text that a person wrote.
func entitiesOf(text string) []Entity {
	var found []Entity
	offset := 0
	before := ' '
	for i, r := range text {
		kind := map[rune]string{'/': "bot_command", '@': "mention"}[r]
		if kind != "" && strings.ContainsRune(" \n，。：", before) {
			rest := text[i+1:]
			allowed := nameRunes + upperRunes
			if kind == "bot_command" {
				allowed += "@"
			}
			behind := strings.TrimLeft(rest, allowed)
			next, _ := utf8.DecodeRuneInString(behind)
			isCut := kind == "bot_command" && behind != "" && (unicode.IsLetter(next) || strings.ContainsRune("/<>", next)) // it is no command then
			if n := len(rest) - len(behind); n > 0 && !isCut {
				found = append(found, Entity{Type: kind, Offset: offset, Length: n + 1})
			}
		}
		offset += unitsOf(r)
		before = r
	}
	return found
}
