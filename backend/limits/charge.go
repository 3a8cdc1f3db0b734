package limits

// A Kind is what a token request is for. It decides how much of the budget the request may use, so
// that requests which one caller can repeat as often as it likes never crowd out those that
// everybody depends on.
type Kind int

// The kinds of token requests.
const (
	Upkeep   Kind = iota // a late refresh, or the verification of a secret: callers cannot multiply it
	Refresh              // a refresh in the background: at most one in three eighths of a token's life
	Shared               // a token that the readers of a role share
	Narrowed             // likewise, for some of the role's scopes: a caller may name many subsets
	Own                  // a token for one reader: a caller may read as often as it likes
	first                // the first token of a role in the Window, whatever its kind
)

// refreshAllowance is how many times its mint_limit a role may request for refreshes in the
// background, which callers cannot multiply. Short tokens need that many.
const refreshAllowance = 3

// A Charge says who pays for a token request.
type Charge struct {
	Mount string // a name that no other mount in the process has
	// Role is the role's name, which a rotation does not change, or a name that no role has, for what
	// the mount itself needs.
	Role string
	// Exhausted is the refusal for what the mount itself needs, with %d for its allowance. It is empty
	// for a role, whose refusal speaks of its mint_limit.
	Exhausted string
	Kind      Kind
	Allowance
}

// An Allowance limits the token requests of a role and of its mount in any [Window]. Zero means as
// many as the whole process may send.
type Allowance struct {
	Role  int // token requests; mint_limit of a role
	Mount int // token requests of all roles together; token_budget of the config
}

// A payer is a role of a mount, whose roles share what the mount has.
type payer struct{ mount, role string }

func (c Charge) payer() payer { return payer{c.Mount, c.Role} }

// upkeep reports whether the request only keeps up what exists already.
func (k Kind) upkeep() bool { return k == Upkeep || k == Refresh }

// repeatable reports whether a caller can cause such requests as often as it likes. Together they get
// at most half of any pool.
func (k Kind) repeatable() bool { return k == Narrowed || k == Own }

// A quarter of every pool is kept for upkeep and for a role's first token.
func reserve(pool int) int { return pool / 4 }

// ceiling is how many requests of all kinds a pool may hold while another one of this kind is
// allowed.
func ceiling(kind Kind, pool int) int {
	if kind.upkeep() || kind == first {
		return pool
	}
	return pool - reserve(pool)
}

// half is how many of a pool's requests may be repeatable ones.
func half(pool int) int { return max(1, pool/2) }
