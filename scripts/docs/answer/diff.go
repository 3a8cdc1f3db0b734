package answer

import "strings"

// Diff returns the lines of both texts in their order: those that only the page has with a minus sign,
// those that only the run has with a plus sign. Values that differ from run to run make no difference.
func Diff(page, run string) string {
	shown, printed := lines(page), lines(run)
	common := commonLengths(shown, printed)
	var b strings.Builder
	for i, j := 0, 0; i < len(shown) || j < len(printed); {
		switch {
		case i < len(shown) && j < len(printed) && shown[i].key == printed[j].key:
			b.WriteString("  " + shown[i].text + "\n")
			i, j = i+1, j+1
		case j == len(printed) || i < len(shown) && common[i+1][j] >= common[i][j+1]:
			b.WriteString("- " + shown[i].text + "\n")
			i++
		default:
			b.WriteString("+ " + printed[j].text + "\n")
			j++
		}
	}
	return b.String()
}

// A textLine is a line, and the key by which it is compared.
type textLine struct{ text, key string }

// lines splits a text.
func lines(text string) (all []textLine) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		var key []string
		for _, w := range words(line) {
			key = append(key, w.text)
		}
		all = append(all, textLine{line, strings.Join(key, " ")})
	}
	return all
}

// commonLengths returns, for each two ends of the texts, how many lines they have in common.
func commonLengths(a, b []textLine) [][]int {
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i].key == b[j].key {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	return common
}
