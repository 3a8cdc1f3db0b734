package page

// A Kind says what is done with a block of code.
type Kind int

// The kinds of blocks.
const (
	Other   Kind = iota // neither run nor compared
	Run                 // ```shell: it is run
	Hidden              // <!-- shell: ... -->: it is run, and readers do not see it
	Norun               // ```shell norun: it is counted, not run
	Console             // ```console: what the block before it prints
)

// A Block is a block of code, or a hidden line.
type Block struct {
	Kind     Kind
	Language string
	Text     string // without the indentation of the page, with a line break after each line
	Line     int    // the number of the first line of Text in the page
	Fails    bool   // the block must fail
	File     string // the text is written to a file of this name before the next block is run; empty: it is not

	// Answer is what the block prints. It is nil if the page does not show that.
	Answer *Block

	indent int // how many columns of the page's lines are not part of Text
	lines  int // how many lines of the page are part of Text
}

// Indent returns how many columns the block is indented in the page.
func (b *Block) Indent() int { return b.indent }

// Lines returns how many lines the block has.
func (b *Block) Lines() int { return b.lines }
