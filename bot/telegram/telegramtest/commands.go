package telegramtest

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// Command is a command of the bot's menu.
type Command struct {
	Command     string `json:"command"`
	Description string `json:"description"`
}

// Commands are those that were set for a scope ("": default) and a language ("": all that have none of their own).
func (s *Server) Commands(scope, language string) []Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands[cmp.Or(scope, "default")+" "+language])
}

var scopes = []string{
	"default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat", "chat_administrators", "chat_member",
}

const maxCommands = 100

func (s *Server) setMyCommands(r *request) (any, *refusal) {
	var commands []Command
	if r.params["commands"] == "" {
		return nil, bad("can't find field \"commands\"")
	}
	if refused := r.object("commands", &commands, "commands"); refused != nil {
		return nil, refused
	}
	scope := struct {
		Type string
		Chat json.Number `json:"chat_id"`
	}{Type: "default"}
	if refused := r.object("scope", &scope, "BotCommandScope"); refused != nil {
		return nil, refused
	}
	language := r.params["language_code"]
	switch {
	case !slices.Contains(scopes, scope.Type):
		return nil, bad("can't parse BotCommandScope: Unsupported type specified")
	case language != "" && (len(language) != 2 || strings.Trim(language, "abcdefghijklmnopqrstuvwxyz") != ""):
		return nil, bad("invalid language code specified")
	case len(commands) > maxCommands:
		return nil, bad("BOT_COMMANDS_TOO_MUCH")
	}
	for _, c := range commands {
		if refused := c.check(); refused != nil {
			return nil, refused
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if scope.Type == "chat" {
		if _, refused := s.chatOf(&request{params: map[string]string{"chat_id": scope.Chat.String()}}); refused != nil {
			return nil, refused
		}
	}
	s.commands[scope.Type+" "+language] = commands
	return true, nil
}

func (c Command) check() *refusal {
	name := strings.TrimPrefix(c.Command, "/")
	units := Units(strings.TrimSpace(c.Description))
	switch {
	case name == "":
		return bad("command must be non-empty")
	case len(name) > 32 || strings.Trim(name, nameRunes) != "":
		return bad("BOT_COMMAND_INVALID")
	case units == 0:
		return bad("command description must be non-empty")
	case units > 256:
		return bad("BOT_COMMAND_DESCRIPTION_INVALID")
	}
	return nil
}
