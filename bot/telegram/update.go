package telegram

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
)

// The objects of the Bot API, as far as they are read here. telegram-bot-api's own are of 2021 and know no topics.
type (
	update struct {
		ID            int64          `json:"update_id"`
		Message       *message       `json:"message"`
		EditedMessage *message       `json:"edited_message"`
		CallbackQuery *callbackQuery `json:"callback_query"`
		InlineQuery   *inlineQuery   `json:"inline_query"`
	}

	user struct {
		ID           int64  `json:"id"`
		IsBot        bool   `json:"is_bot"`
		Username     string `json:"username"`
		LanguageCode string `json:"language_code"`
	}

	chat struct {
		ID   int64  `json:"id"`
		Type string `json:"type"` // private, group, supergroup, channel
	}

	message struct {
		ID              int      `json:"message_id"`
		ThreadID        int      `json:"message_thread_id"`
		IsTopic         bool     `json:"is_topic_message"`
		From            *user    `json:"from"`    // nil in channels
		ViaBot          *user    `json:"via_bot"` // whose inline result it is
		Chat            chat     `json:"chat"`
		Date            int64    `json:"date"` // seconds since 1970; 0: the message cannot be seen any more
		Text            string   `json:"text"`
		Entities        []entity `json:"entities"`
		Caption         string   `json:"caption"`
		CaptionEntities []entity `json:"caption_entities"`
		ReplyTo         *message `json:"reply_to_message"`
		Quote           struct {
			Text string `json:"text"`
		} `json:"quote"` // the part of it that the person has marked
		Document     *document       `json:"document"`
		TopicCreated json.RawMessage `json:"forum_topic_created"`
		NewMembers   []user          `json:"new_chat_members"`
		MovedTo      int64           `json:"migrate_to_chat_id"`
		MovedFrom    int64           `json:"migrate_from_chat_id"`
		media
	}

	// media are what a message may consist of that is no text.
	media struct {
		Sticker   json.RawMessage `json:"sticker"`
		Photo     json.RawMessage `json:"photo"`
		Voice     json.RawMessage `json:"voice"`
		Audio     json.RawMessage `json:"audio"`
		Video     json.RawMessage `json:"video"`
		VideoNote json.RawMessage `json:"video_note"`
		Animation json.RawMessage `json:"animation"`
		Contact   json.RawMessage `json:"contact"`
		Location  json.RawMessage `json:"location"`
		Poll      json.RawMessage `json:"poll"`
		Dice      json.RawMessage `json:"dice"`
		Paid      json.RawMessage `json:"paid_media"`
		Story     json.RawMessage `json:"story"`
	}

	entity struct {
		Type   string `json:"type"`
		Offset int    `json:"offset"` // in UTF-16 units
		Length int    `json:"length"`
		User   *user  `json:"user"` // of a text_mention
	}

	document struct {
		FileID string `json:"file_id"`
		Name   string `json:"file_name"`
		Size   int64  `json:"file_size"`
	}

	callbackQuery struct {
		ID      string   `json:"id"`
		From    user     `json:"from"`
		Message *message `json:"message"` // nil under a message of inline mode
		Data    string   `json:"data"`
	}

	inlineQuery struct {
		ID    string `json:"id"`
		From  user   `json:"from"`
		Query string `json:"query"`
	}
)

// readUpdate reads an update. The database takes no text with a null byte: a blank stands for it, which keeps the places of
// what is marked.
func readUpdate(body []byte) (u update, err error) {
	if err := json.Unmarshal(body, &u); err != nil {
		return update{}, err
	}
	for _, m := range []*message{u.Message, u.EditedMessage} {
		for ; m != nil; m = m.ReplyTo {
			for _, text := range []*string{&m.Text, &m.Caption} {
				*text = strings.ReplaceAll(*text, "\x00", " ")
			}
			if m.Document != nil {
				m.Document.Name = strings.ReplaceAll(m.Document.Name, "\x00", " ")
			}
		}
	}
	if q := u.CallbackQuery; q != nil {
		q.Data = strings.ReplaceAll(q.Data, "\x00", " ")
	}
	if q := u.InlineQuery; q != nil {
		q.Query = strings.ReplaceAll(q.Query, "\x00", " ")
	}
	return u, nil
}

func (m media) isSet() bool {
	for _, raw := range []json.RawMessage{
		m.Sticker, m.Photo, m.Voice, m.Audio, m.Video, m.VideoNote, m.Animation, m.Contact, m.Location, m.Poll, m.Dice, m.Paid, m.Story,
	} {
		if len(raw) > 0 {
			return true
		}
	}
	return false
}

func (m *message) person() int64 {
	switch {
	case m.From == nil:
		return 0
	case m.From.ID == anonymous:
		return m.Chat.ID
	}
	return m.From.ID
}

const private = "private"

// topic is the forum topic that a message stands in, 0 for none. A reply in a group without topics has a thread, too,
// to which nothing can be sent.
func (m *message) topic() int {
	if m.IsTopic {
		return m.ThreadID
	}
	return 0
}

// replied is the message that this one answers. In a topic every message that answers none names the one that
// opened the topic.
func (m *message) replied() *message {
	if m.ReplyTo == nil || len(m.ReplyTo.TopicCreated) > 0 || m.IsTopic && m.ReplyTo.ID == m.ThreadID {
		return nil
	}
	return m.ReplyTo
}

// words are the text of a message, or of what it is the caption of, and what is marked in it.
func (m *message) words() (string, []entity) {
	if m.Text != "" {
		return m.Text, m.Entities
	}
	return m.Caption, m.CaptionEntities
}

// slice is the part of a text that an entity marks, "" where it marks none of it.
func slice(text string, e entity) string {
	units := utf16.Encode([]rune(text))
	if e.Offset < 0 || e.Length < 0 || e.Offset+e.Length > len(units) {
		return ""
	}
	return string(utf16.Decode(units[e.Offset : e.Offset+e.Length]))
}

// without is a text without the parts that entities mark, which do not overlap and stand in their order.
func without(text string, marked []entity) string {
	units := utf16.Encode([]rune(text))
	var rest []uint16
	at := 0
	for _, e := range marked {
		if e.Offset < at || e.Length < 0 || e.Offset+e.Length > len(units) {
			continue
		}
		rest = append(append(rest, units[at:e.Offset]...), ' ')
		at = e.Offset + e.Length
	}
	return strings.TrimSpace(string(utf16.Decode(append(rest, units[at:]...))))
}

// lane names what is handled one after the other: the messages of a chat and topic, the buttons and the inline
// queries of a person.
func (u *update) lane() string {
	switch {
	case u.Message != nil:
		return fmt.Sprintf("chat %d %d", u.Message.Chat.ID, u.Message.topic())
	case u.EditedMessage != nil:
		return fmt.Sprintf("chat %d %d", u.EditedMessage.Chat.ID, u.EditedMessage.topic())
	case u.CallbackQuery != nil:
		return fmt.Sprintf("button %d", u.CallbackQuery.From.ID)
	case u.InlineQuery != nil:
		return fmt.Sprintf("inline %d", u.InlineQuery.From.ID)
	}
	return "other"
}

// about is the message that an update is about, nil for none.
func (u *update) about() *message {
	switch {
	case u.Message != nil:
		return u.Message
	case u.EditedMessage != nil:
		return u.EditedMessage
	case u.CallbackQuery != nil:
		return u.CallbackQuery.Message
	}
	return nil
}

// person is who caused an update, 0 for nobody in particular. Administrators that do not want to be seen are one for
// each group.
func (u *update) person() int64 {
	switch {
	case u.Message != nil:
		return u.Message.person()
	case u.EditedMessage != nil:
		return u.EditedMessage.person()
	case u.CallbackQuery != nil:
		return u.CallbackQuery.From.ID
	case u.InlineQuery != nil:
		return u.InlineQuery.From.ID
	}
	return 0
}
