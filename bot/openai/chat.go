package openai

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"yinju/bot"
	"yinju/rag"
)

// request is what is read of a request. Whatever else it says, such as a temperature, makes no difference.
type request struct {
	Model         string   `json:"model"`
	Messages      messages `json:"messages"`
	Stream        bool     `json:"stream"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	N              *int `json:"n"`
	ResponseFormat struct {
		Type string `json:"type"`
	} `json:"response_format"`
	User string `json:"user"`
}

// What a request may have. A megabyte can hold hundreds of thousands of empty ones, each of which takes memory.
const (
	MaxMessages = 500 // of a chat
	MaxParts    = 500 // of a message
)

type messages []message

var errMessages = fmt.Errorf("there are more than %d messages", MaxMessages)

// UnmarshalJSON reads an array, or null, until it has more than it may.
func (m *messages) UnmarshalJSON(b []byte) (err error) {
	*m, err = decodeSome[message](b, MaxMessages, errMessages)
	return err
}

// decodeSome decodes an array, or null, one by one. The error is tooMany where there are more than most.
func decodeSome[T any](b []byte, most int, tooMany error) (all []T, err error) {
	in := json.NewDecoder(bytes.NewReader(b))
	switch opening, err := in.Token(); {
	case err != nil:
		return nil, err
	case opening == nil:
		return nil, nil
	case opening != json.Delim('['):
		return nil, &json.UnmarshalTypeError{Value: "no array", Type: reflect.TypeFor[[]T]()}
	}
	for in.More() {
		if len(all) == most {
			return nil, tooMany
		}
		var one T
		if err := in.Decode(&one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

type message struct {
	Role    string  `json:"role"`
	Content content `json:"content"`
}

// content is the text of a message, of all its parts.
type content struct {
	text  string
	other string // the type of a part that is no text, such as image_url; "": there is none
}

var (
	errContent = errors.New("content should be a string, or an array of parts of type text")
	errParts   = fmt.Errorf("a message has more than %d parts", MaxParts)
)

type part struct{ Type, Text string }

// UnmarshalJSON reads a string, parts, or null.
func (c *content) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case 'n':
		return nil
	case '"':
		return json.Unmarshal(b, &c.text)
	}
	parts, err := decodeSome[part](b, MaxParts, errParts)
	switch {
	case errors.Is(err, errParts):
		return err
	case err != nil:
		return errContent
	}
	var texts []string
	for _, p := range parts {
		switch p.Type {
		case "text", "input_text", "output_text":
			texts = append(texts, p.Text)
		case "refusal":
		default:
			c.other = p.Type
			if c.other == "" {
				return errContent
			}
		}
	}
	c.text = strings.Join(texts, "\n")
	return nil
}

// Roles are those that a message may have.
var Roles = []string{"system", "developer", "user", "assistant", "tool", "function"}

// chat is a question and what was said before it.
type chat struct {
	question string
	earlier  []message // of the user and the assistant
	secret   []byte    // of whoever asks
	user     string
}

// chat takes the last question of a request. Errors are faults, and those of rag.CheckQuestion.
func (h handler) chat(r *http.Request, req request) (c chat, err error) {
	switch {
	case req.Model == "":
		return c, refused(http.StatusBadRequest, "model", h.Lang.Say("请给出 model：", "Give a model: ")+Model)
	case req.Model != Model:
		return c, h.unknownModel(req.Model)
	case req.N != nil && *req.N != 1:
		return c, refused(http.StatusBadRequest, "n", h.Lang.Say("每次只有一个回答：n 应是 1。", "There is one answer only: n should be 1."))
	case req.ResponseFormat.Type != "" && req.ResponseFormat.Type != "text":
		return c, refused(http.StatusBadRequest, "response_format", h.Lang.Say("回答只有文字：response_format 应是 text。", "Answers are text: response_format should be text."))
	}
	last := -1
	for i, m := range req.Messages {
		if !slices.Contains(Roles, m.Role) {
			return c, refused(http.StatusBadRequest, fmt.Sprintf("messages[%d].role", i), h.Lang.Say("role 应是其中之一：", "role should be one of: ")+strings.Join(Roles, ", "))
		}
		if m.Role == "user" {
			last = i
		}
	}
	if last < 0 {
		return c, refused(http.StatusBadRequest, "messages", h.Lang.Say("没有问题：messages 中应有 role 为 user 的一条。", "There is no question: messages should have one with the role user."))
	}
	asked := req.Messages[last].Content
	if asked.other != "" {
		return c, refused(http.StatusBadRequest, fmt.Sprintf("messages[%d].content", last),
			h.Lang.Say("这里只看得懂文字，看不了图片、声音和文件：请用文字提问。", "Only text is read here, no pictures, sound or files: please ask in words."))
	}
	c = chat{question: asked.text, secret: []byte(bot.PresentedKey(r)), user: req.User}
	for _, m := range req.Messages[:last] {
		if m.Role == "user" || m.Role == "assistant" {
			c.earlier = append(c.earlier, m)
		}
	}
	return c, rag.CheckQuestion(c.question)
}

// The protocol has no ids of conversations: each request brings all that was said. What was said, under a key that
// only its owner has, is the id.

// before is the conversation that the question goes on from, "" for none.
func (c chat) before() string {
	if !slices.ContainsFunc(c.earlier, func(m message) bool { return m.Role == "user" }) {
		return ""
	}
	return c.id(c.earlier)
}

// after is the conversation that ends with an answer to the question.
func (c chat) after(answer string) string {
	return c.id(slices.Concat(c.earlier, []message{{"user", content{text: c.question}}, {"assistant", content{text: answer}}}))
}

func (c chat) id(said []message) string {
	mac := hmac.New(sha256.New, c.secret)
	add := func(text string) { // white space aside, which programs trim
		text = strings.Join(strings.Fields(text), "")
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text))))
		mac.Write([]byte(text))
	}
	add(c.user)
	for _, m := range said {
		add(m.Role)
		add(m.Content.text)
	}
	return conversationPrefix + hex.EncodeToString(mac.Sum(nil))
}

const conversationPrefix = "openai:"

// newConversation is an id that nobody has had.
func newConversation() string { return conversationPrefix + rand.Text() }
