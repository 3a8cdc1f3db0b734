package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// deliver writes the report to the file, or to out if no file is named.
func deliver(text []byte, file string, out io.Writer) error {
	if file == "" {
		_, err := out.Write(text)
		return err
	}
	return replaceFile(file, text)
}

// replaceFile makes a file with this text, or leaves what was there. It writes another file first, in the
// same directory, and renames that. Only the owner may read the file, because a report is confidential.
func replaceFile(path string, text []byte) (err error) {
	if before, err := os.Stat(path); err == nil && !before.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file that can be replaced", path) // for example a device or a directory
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name()) // the first error is the one to report
		}
	}()
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
