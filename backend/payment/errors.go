package payment

// A Malformed error says that a request cannot be judged. It repeats no value of the request.
type Malformed struct {
	Field  string // the field of the body, or path or body
	Reason string // begins with a verb
}

// Error returns the field and the reason.
func (e *Malformed) Error() string { return e.Field + " " + e.Reason }

// A Refusal says that a request was understood and is not allowed. It repeats no value of the request.
type Refusal struct {
	Field  string // the field of the body or of the path, or operation
	Limit  string // the parameter that does not allow it, such as destinations or limits
	Reason string // begins with a verb
}

// Error returns the field and the reason.
func (e *Refusal) Error() string { return e.Field + " " + e.Reason }

// An Invalid error says what is wrong with a parameter that an operator wrote.
type Invalid struct {
	Parameter string // with the key or the number of the entry, such as limits.USD or destinations[0]
	Reason    string // begins with a verb
}

// Error returns the parameter and the reason.
func (e *Invalid) Error() string { return e.Parameter + " " + e.Reason }
