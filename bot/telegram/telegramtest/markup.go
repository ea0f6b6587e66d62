package telegramtest

import (
	"encoding/json"
)

// Button is a button of an inline keyboard.
type Button struct {
	Text   string  `json:"text"`
	Data   string  `json:"callback_data,omitempty"`
	URL    string  `json:"url,omitempty"`
	Switch *string `json:"switch_inline_query,omitempty"`
	Here   *string `json:"switch_inline_query_current_chat,omitempty"`
	Copy   *struct {
		Text string `json:"text"`
	} `json:"copy_text,omitempty"`
}

const (
	maxData    = 64  // bytes of a button's data
	maxButtons = 100 // of a message
)

// markup checks what hangs on a message, and gives it in a form in which equal ones are equal.
func markup(r *request) (json.RawMessage, *refusal) {
	text := r.params["reply_markup"]
	if text == "" {
		return nil, nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &members) != nil {
		return nil, bad("can't parse reply keyboard markup JSON object")
	}
	rows, isInline := members["inline_keyboard"]
	if !isInline {
		for _, other := range []string{"keyboard", "remove_keyboard", "force_reply"} {
			if members[other] != nil {
				return nil, nil
			}
		}
		return nil, bad("object expected as reply markup")
	}
	var keyboard [][]Button
	if json.Unmarshal(rows, &keyboard) != nil {
		return nil, bad(`can't parse inline keyboard: Field "inline_keyboard" must be of type Array`)
	}
	n := 0
	for _, row := range keyboard {
		for _, b := range row {
			n++
			if refused := b.check(); refused != nil {
				return nil, refused
			}
		}
	}
	if n > maxButtons {
		return nil, bad("REPLY_MARKUP_TOO_LONG")
	}
	if n == 0 {
		return nil, nil
	}
	plain, err := json.Marshal(map[string]any{"inline_keyboard": keyboard})
	if err != nil {
		return nil, bad("%v", err)
	}
	return plain, nil
}

func (b Button) check() *refusal {
	kinds := 0
	for _, has := range []bool{b.Data != "", b.URL != "", b.Switch != nil, b.Here != nil, b.Copy != nil} {
		if has {
			kinds++
		}
	}
	switch {
	case b.Text == "":
		return bad(`can't parse inline keyboard button: Can't find field "text"`)
	case kinds == 0:
		return bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
	case kinds > 1:
		return bad("can't parse inline keyboard button: exactly one of its fields must be used")
	case len(b.Data) > maxData:
		return bad("BUTTON_DATA_INVALID")
	case b.URL != "" && checkedLink(b.URL) == "":
		return bad("inline keyboard button URL '%s' is invalid: Wrong HTTP URL", b.URL)
	case b.Copy != nil && (b.Copy.Text == "" || Units(b.Copy.Text) > 256):
		return bad("BUTTON_COPY_TEXT_INVALID")
	}
	return nil
}
