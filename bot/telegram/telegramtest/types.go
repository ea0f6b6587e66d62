package telegramtest

import "encoding/json"

// The objects of the Bot API, as far as this server knows them.
type (
	// User is a person or a bot.
	User struct {
		ID           int64  `json:"id"`
		IsBot        bool   `json:"is_bot"`
		FirstName    string `json:"first_name"`
		Username     string `json:"username,omitempty"`
		LanguageCode string `json:"language_code,omitempty"`
	}

	// Chat is where messages stand. Groups have ids below 0, supergroups such as begin with -100.
	Chat struct {
		ID       int64  `json:"id"`
		Type     string `json:"type"` // private, group, supergroup or channel
		Title    string `json:"title,omitempty"`
		Username string `json:"username,omitempty"`
		IsForum  bool   `json:"is_forum,omitempty"`
	}

	// Message is a message as a person sees it now.
	Message struct {
		ID              int             `json:"message_id"`
		ThreadID        int             `json:"message_thread_id,omitempty"`
		IsTopic         bool            `json:"is_topic_message,omitempty"`
		From            *User           `json:"from,omitempty"`
		Chat            Chat            `json:"chat"`
		Date            int64           `json:"date"` // seconds since 1970
		EditDate        int64           `json:"edit_date,omitempty"`
		Text            string          `json:"text,omitempty"`
		Entities        []Entity        `json:"entities,omitempty"`
		Caption         string          `json:"caption,omitempty"`
		CaptionEntities []Entity        `json:"caption_entities,omitempty"`
		ReplyTo         *Message        `json:"reply_to_message,omitempty"`
		Quote           *TextQuote      `json:"quote,omitempty"`
		ForwardOrigin   *Origin         `json:"forward_origin,omitempty"`
		Document        *Document       `json:"document,omitempty"`
		Sticker         *Sticker        `json:"sticker,omitempty"`
		Photo           json.RawMessage `json:"photo,omitempty"`
		Voice           json.RawMessage `json:"voice,omitempty"`
		Animation       json.RawMessage `json:"animation,omitempty"`
		Location        json.RawMessage `json:"location,omitempty"`
		NewMembers      []User          `json:"new_chat_members,omitempty"`
		TopicCreated    json.RawMessage `json:"forum_topic_created,omitempty"`
		SenderChat      *Chat           `json:"sender_chat,omitempty"`
		ViaBot          *User           `json:"via_bot,omitempty"`
		ReplyMarkup     json.RawMessage `json:"reply_markup,omitempty"`

		MigrateToChatID   int64 `json:"migrate_to_chat_id,omitempty"`
		MigrateFromChatID int64 `json:"migrate_from_chat_id,omitempty"`

		Silent bool `json:"-"` // it came without a sound
	}

	// TextQuote is the part of a message that another one answers.
	TextQuote struct {
		Text     string `json:"text"`
		Position int    `json:"position"` // in UTF-16 units
		IsManual bool   `json:"is_manual,omitempty"`
	}

	// Origin is whose message was forwarded.
	Origin struct {
		Type       string `json:"type"` // user
		Date       int64  `json:"date"`
		SenderUser *User  `json:"sender_user,omitempty"`
	}

	// Document is a file in a message.
	Document struct {
		FileID       string `json:"file_id"`
		FileUniqueID string `json:"file_unique_id"`
		FileName     string `json:"file_name,omitempty"`
		MIMEType     string `json:"mime_type,omitempty"`
		FileSize     int64  `json:"file_size,omitempty"`
	}

	// Sticker is a sticker in a message.
	Sticker struct {
		FileID       string `json:"file_id"`
		FileUniqueID string `json:"file_unique_id"`
		Type         string `json:"type"`
		Emoji        string `json:"emoji,omitempty"`
	}

	// CallbackQuery is a button that someone pressed.
	CallbackQuery struct {
		ID           string   `json:"id"`
		From         User     `json:"from"`
		Message      *Message `json:"message,omitempty"`
		ChatInstance string   `json:"chat_instance"`
		Data         string   `json:"data,omitempty"`
	}

	// InlineQuery is what someone wrote behind the bot's name, in any chat.
	InlineQuery struct {
		ID     string `json:"id"`
		From   User   `json:"from"`
		Query  string `json:"query"`
		Offset string `json:"offset"`
	}

	// Update is one thing that happened.
	Update struct {
		ID            int64          `json:"update_id"`
		Message       *Message       `json:"message,omitempty"`
		EditedMessage *Message       `json:"edited_message,omitempty"`
		CallbackQuery *CallbackQuery `json:"callback_query,omitempty"`
		InlineQuery   *InlineQuery   `json:"inline_query,omitempty"`
	}
)

// kind is the name of the update's kind, as allowed_updates has it.
func (u Update) kind() string {
	switch {
	case u.Message != nil:
		return "message"
	case u.EditedMessage != nil:
		return "edited_message"
	case u.CallbackQuery != nil:
		return "callback_query"
	case u.InlineQuery != nil:
		return "inline_query"
	}
	return ""
}
