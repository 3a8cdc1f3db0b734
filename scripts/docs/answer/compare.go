package answer

import "fmt"

// omission is a line of a page in place of any number of lines that the command printed.
const omission = "…"

// Compare returns what is different between the answer that a page shows and what the command printed;
// empty: nothing. The function typed tells whether a reader of the page types a text: such a text does
// not differ from run to run.
func Compare(page, run string, typed func(string) bool) (difference string) {
	pieces, printed := split(words(page)), words(run)
	a := newAgreement(typed)
	at := 0
	for i, piece := range pieces {
		last := i == len(pieces)-1
		if i > 0 {
			var found bool
			if at, found = a.find(piece, printed, at, last); !found {
				return fmt.Sprintf("the command did not print: %s", line(piece))
			}
		}
		for j, w := range piece {
			if at == len(printed) {
				return fmt.Sprintf("the page goes on with %q, the command printed nothing more", w.original())
			}
			if !a.same(w, printed[at]) {
				return fmt.Sprintf("the page has %q, the command printed %q%s", w.original(), printed[at].original(),
					after(piece[:j]))
			}
			at++
		}
		if at < len(printed) && (last || len(piece) > 0 && !printed[at].begins) {
			return fmt.Sprintf("the command also printed %q", line(printed[at:]))
		}
	}
	return ""
}

// after says behind which words a difference is.
func after(before []word) string {
	if len(before) == 0 {
		return ""
	}
	return fmt.Sprintf(" (after %q)", line(before[max(0, len(before)-3):]))
}

// split splits the words of a page where lines are left out.
func split(all []word) [][]word {
	pieces := [][]word{nil}
	for i, w := range all {
		alone := w.begins && w.text == omission && (i+1 == len(all) || all[i+1].begins)
		if alone {
			pieces = append(pieces, nil)
		} else {
			pieces[len(pieces)-1] = append(pieces[len(pieces)-1], w)
		}
	}
	return pieces
}

// find returns where the piece is in what was printed, from the word at on. It begins and ends with whole lines.
// The last piece ends where the text ends.
func (a *agreement) find(piece, printed []word, at int, last bool) (position int, found bool) {
	if len(piece) == 0 {
		return len(printed), true
	}
	if last {
		at = max(at, len(printed)-len(piece))
	}
	for ; at+len(piece) <= len(printed); at++ {
		end := at + len(piece)
		if !printed[at].begins || end < len(printed) && !printed[end].begins {
			continue
		}
		trial := a.copy()
		matches := true
		for i, w := range piece {
			matches = matches && trial.same(w, printed[at+i])
		}
		if matches {
			return at, true
		}
	}
	return 0, false
}

// same reports whether a word of a run can stand for a word of the page.
func (a *agreement) same(page, run word) bool {
	if page.text != run.text || len(page.values) != len(run.values) {
		return false
	}
	for i := range page.values {
		if !a.agree(page.values[i], run.values[i]) {
			return false
		}
	}
	return true
}
