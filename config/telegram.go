package config

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// telegramAPI is where Telegram's own Bot API is.
const telegramAPI = "https://api.telegram.org"

// Telegram is the bot, and who may ask it. Without a Token there is none.
type Telegram struct {
	Token            Secret
	APIURL           string  // of the Bot API server
	Allowed          []int64 // people (positive) and groups (negative) that may ask
	Admins           []int64 // people that may ask, add files and see figures
	Public           bool    // everybody may ask
	WebhookURL       string  // where Telegram brings updates; "": they are fetched
	WebhookSecret    Secret  // what it brings with them
	PerUser, Overall int     // questions a minute, of one person and of all
}

var telegramKeys = []key{
	{"TELEGRAM_BOT_TOKEN", true, setToken},
	{"TELEGRAM_API_URL", false, func(c *Config, v string) error { return setPlainAddress(&c.Telegram.APIURL, v) }},
	{"TELEGRAM_ALLOWED_IDS", false, func(c *Config, v string) error { return ids(&c.Telegram.Allowed, v, true) }},
	{"TELEGRAM_PUBLIC", false, func(c *Config, v string) error { return yesOrNo(&c.Telegram.Public, v) }},
	{"TELEGRAM_ADMIN_IDS", false, func(c *Config, v string) error { return ids(&c.Telegram.Admins, v, false) }},
	{"TELEGRAM_WEBHOOK_URL", false, setWebhook},
	{"TELEGRAM_WEBHOOK_SECRET", true, setWebhookSecret},
	{"TELEGRAM_RATE_USER", false, func(c *Config, v string) error { return whole(&c.Telegram.PerUser, v, 1, 1000) }},
	{"TELEGRAM_RATE_ALL", false, func(c *Config, v string) error { return whole(&c.Telegram.Overall, v, 1, 100_000) }},
}

// telegramDefaults are the settings where nothing is set.
func telegramDefaults() Telegram { return Telegram{APIURL: telegramAPI, PerUser: 10, Overall: 120} }

var tokenShape = regexp.MustCompile(`^[0-9]{1,20}:[A-Za-z0-9_-]{10,200}$`)

// setToken does not repeat the token in its errors.
func setToken(c *Config, v string) error {
	if !tokenShape.MatchString(v) {
		return errors.New("this is no token of a bot: @BotFather gives one, digits, a colon and letters")
	}
	c.Telegram.Token = Secret(v)
	return nil
}

// ids reads numbers with commas or blanks between. Those of people are positive, those of groups negative.
func ids(field *[]int64, v string, groups bool) error {
	var all []int64
	for part := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == ',' || r == '，' || unicode.IsSpace(r) }) {
		id, err := strconv.ParseInt(part, 10, 64)
		switch {
		case err != nil || id == 0:
			return errors.New("want the numbers of people or groups with commas between, such as 12345678,-1001234567890")
		case id < 0 && !groups:
			return errors.New("want the numbers of people only: those of groups begin with a minus")
		}
		all = append(all, id)
	}
	if len(all) == 0 {
		return errors.New("want a number at least")
	}
	*field = all
	return nil
}

func yesOrNo(field *bool, v string) error {
	if v != "true" && v != "false" {
		return errors.New("want true or false")
	}
	*field = v == "true"
	return nil
}

// setWebhook takes what Telegram can reach, and a Bot API server on the same machine.
func setWebhook(c *Config, v string) error {
	u, err := webAddress(v)
	switch {
	case err != nil:
		return err
	case u.User != nil:
		return errUser
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return errors.New("want https://, as Telegram does: http:// is for this machine only")
	}
	c.Telegram.WebhookURL = v
	return nil
}

var webhookSecretShape = regexp.MustCompile(`^[A-Za-z0-9_-]{16,256}$`)

// setWebhookSecret takes what Telegram takes, if it is not easily guessed.
func setWebhookSecret(c *Config, v string) error {
	if !webhookSecretShape.MatchString(v) {
		return errors.New("want 16 to 256 letters of A-Z, a-z, 0-9, _ and -")
	}
	c.Telegram.WebhookSecret = Secret(v)
	return nil
}

// checkTelegram holds the keys against each other; set are those that have a value, right or wrong.
func (c Config) checkTelegram(set map[string]bool) (faults []error) {
	t := c.Telegram
	if !set["TELEGRAM_BOT_TOKEN"] {
		var idle []string
		for _, k := range telegramKeys {
			if set[k.name] {
				idle = append(idle, k.name)
			}
		}
		if len(idle) == 0 {
			return nil
		}
		return []error{fmt.Errorf("TELEGRAM_BOT_TOKEN: unset, so there is no bot, but %s is set: set it too, or none of them", strings.Join(idle, ", "))}
	}
	if !set["TELEGRAM_ALLOWED_IDS"] && !set["TELEGRAM_ADMIN_IDS"] && !t.Public {
		faults = append(faults, errors.New("TELEGRAM_BOT_TOKEN: who may ask is not said: set TELEGRAM_ALLOWED_IDS, or TELEGRAM_PUBLIC=true to answer everybody"))
	}
	switch hasURL, hasSecret := set["TELEGRAM_WEBHOOK_URL"], set["TELEGRAM_WEBHOOK_SECRET"]; {
	case hasURL && !hasSecret:
		faults = append(faults, errors.New("TELEGRAM_WEBHOOK_SECRET: unset: TELEGRAM_WEBHOOK_URL needs it, or anybody could pose as Telegram"))
	case hasSecret && !hasURL:
		faults = append(faults, errors.New("TELEGRAM_WEBHOOK_URL: unset, but TELEGRAM_WEBHOOK_SECRET is set: set both or none"))
	}
	if t.WebhookURL != "" && c.ListenAddr == "" {
		faults = append(faults, errors.New("TELEGRAM_WEBHOOK_URL: nothing listens for it, as LISTEN_ADDR is off"))
	}
	return faults
}
