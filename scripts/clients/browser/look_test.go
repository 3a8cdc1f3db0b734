package browser

import (
	"path/filepath"
	"testing"
)

// soundStructure is the structure that a screen reader needs.
const soundStructure = `{"firstLevel":1,"startsWithFirst":true,"skipped":0,"cellsWithoutScope":0,` +
	`"rowsWithoutHeading":0,"namelessScrollers":0,"brokenLinks":0,"repeatedIds":0,"language":"en","scripts":0}`

// checkScreen checks a page on a screen.
func (l look) checkScreen(t *testing.T) {
	if len(l.Messages)+len(l.Requests) > 0 {
		t.Errorf("messages %q, requests %q", l.Messages, l.Requests)
	}
	l.checkWidth(t)
	if l.Opened.DocumentWidth > l.Opened.Inner || len(l.Opened.Wide) > 0 {
		t.Errorf("with all details open, these are too wide: %q", l.Opened.Wide)
	}
	l.checkContrast(t)
	if string(l.Structure) != soundStructure {
		t.Errorf("the structure is %s", l.Structure)
	}
	switch m := l.Matrix; {
	case m == nil && l.Page != "empty":
		t.Error("the page has no matrix")
	case m == nil:
	case l.Page == "big" && (m.ScrollsDown == 0 || l.Width == 400 && m.ScrollsRight == 0):
		t.Errorf("the matrix does not scroll by itself: %+v", *m)
	case !m.HeadInSight || !m.RoleInSight:
		t.Errorf("scrolling moves the headings of the matrix out of sight: %+v", *m)
	case m.HeadHeight > m.ScreenHeight/3 || m.RoleWidth > m.ScreenWidth/3 || m.BoxHeight > m.ScreenHeight:
		t.Errorf("the headings of the matrix take too much of the screen: %+v", *m)
	}
}

// checkPaper checks a page on paper, in a browser with dark mode.
func (l look) checkPaper(t *testing.T) {
	l.checkWidth(t)
	if len(l.Cut) > 0 {
		t.Errorf("cut off: %q", l.Cut)
	}
	l.checkContrast(t)
	if l.Background != "rgb(255, 255, 255)" {
		t.Errorf("paper is %s", l.Background)
	}
	if l.Hidden > 0 {
		t.Errorf("%d commands are not on paper", l.Hidden)
	}
	if l.PDFBytes < 10_000 {
		t.Errorf("the printed file has %d bytes", l.PDFBytes)
	}
}

// checkWidth checks that nothing is wider than the page.
func (l look) checkWidth(t *testing.T) {
	t.Helper()
	if l.DocumentWidth > l.Inner || len(l.Wide) > 0 {
		t.Errorf("the page is %v wide on %v; too wide are %q", l.DocumentWidth, l.Inner, l.Wide)
	}
}

// checkContrast checks that all text can be read.
func (l look) checkContrast(t *testing.T) {
	t.Helper()
	if l.Faint.Texts < 20 || len(l.Faint.Found) > 0 {
		t.Errorf("of %d texts these have too little contrast: %q", l.Faint.Texts, l.Faint.Found)
	}
}

// absolute returns the absolute path.
func absolute(t *testing.T, path string) string {
	t.Helper()
	whole, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}
