package llm

// Plus adds what further calls have used.
func (u Usage) Plus(more Usage) Usage {
	return Usage{
		Prompt: u.Prompt + more.Prompt, Completion: u.Completion + more.Completion, Calls: u.Calls + more.Calls,
		Cost: u.Cost + more.Cost, Estimated: u.Estimated || more.Estimated,
	}
}
