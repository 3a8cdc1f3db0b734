// Package browser opens pages of paxos-report in a headless Chromium: of an empty mount, of a small one,
// of one in lockdown and of a big one. It looks for what people would stumble over: text that is cut off,
// a page that scrolls sideways, too little contrast, messages in the console, columns that paper lacks.
package browser
