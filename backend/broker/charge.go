package broker

// A Kind is what a token request is for. It decides how much of the budget is open
// to it, so that what keeps everybody going is never crowded out by what one caller
// may repeat at will.
type Kind int

// The kinds of token requests.
const (
	Upkeep   Kind = iota // a refresh, or the verification of a secret: nobody can ask for more of it
	Shared               // a token that the readers of a role share
	Narrowed             // likewise, for some of the role's scopes: a caller may name many subsets
	Own                  // a token for one reader: a caller may read as often as it likes
	first                // the first token of a role in the Window, whatever its kind
	refresh              // Upkeep in the background: at most one in three eighths of a token's life
)

// refreshAllowance is how many times its mint_limit a role may request for refreshes in
// the background, which no caller can ask for more of: short tokens need that many.
const refreshAllowance = 3

// A Charge says who pays for a token request.
type Charge struct {
	Mount string // a name that no other mount in the process has
	// the role's name, which a rotation does not change; or a name that no role has, for the
	// mount's own needs
	Role string
	Kind Kind
	Allowance
}

// An Allowance bounds the token requests of a role and of its mount in any [Window].
// Zero means as much as the whole process has.
type Allowance struct {
	Role  int
	Mount int
}

// payer is who shares: the roles of a mount share what it has.
type payer struct{ mount, role string }

func (c Charge) payer() payer { return payer{c.Mount, c.Role} }

// upkeep reports whether the request keeps something going that is there already.
func (k Kind) upkeep() bool { return k == Upkeep || k == refresh }

// repeatable reports whether a caller can cause such requests as often as it likes.
// Together they get at most half of any pool.
func (k Kind) repeatable() bool { return k == Narrowed || k == Own }

// A quarter of every pool is kept for upkeep and for a role's first token.
func reserve(pool int) int { return pool / 4 }

// ceiling is how many requests of all kinds a pool may hold for one more of this
// kind to be let in.
func ceiling(kind Kind, pool int) int {
	if kind.upkeep() || kind == first {
		return pool
	}
	return pool - reserve(pool)
}

// half is how many of a pool's requests may be repeatable ones.
func half(pool int) int { return max(1, pool/2) }
