package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// normalise gives all files and folders below the folder the same rights on each machine, and the time of the
// commit. Only the programs can be executed.
func normalise(folder string, committed time.Time) error {
	var paths []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if entry.IsDir() || isProgram(path) {
			mode = 0o755
		}
		paths = append(paths, path)
		return os.Chmod(path, mode)
	})
	for _, path := range paths {
		err = errors.Join(err, os.Chtimes(path, committed, committed))
	}
	return err
}

// archive writes the folder as a .tar.gz beside it.
func archive(folder string, committed time.Time) (err error) {
	file, err := os.Create(folder + ".tar.gz")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	compressed, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		return err
	}
	packed := tar.NewWriter(compressed)
	parent := filepath.Dir(folder)
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(parent, path)
		if err != nil {
			return err
		}
		return pack(packed, path, filepath.ToSlash(name), committed)
	})
	return errors.Join(err, packed.Close(), compressed.Close())
}

// pack adds a file or a folder to an archive. The archive does not say who owns it.
func pack(packed *tar.Writer, path, name string, committed time.Time) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	header := &tar.Header{Name: name, Mode: int64(info.Mode().Perm()), ModTime: committed, Typeflag: tar.TypeDir}
	if info.IsDir() {
		header.Name += "/"
		return packed.WriteHeader(header)
	}
	header.Typeflag, header.Size = tar.TypeReg, info.Size()
	if err := packed.WriteHeader(header); err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(packed, file)
	return err
}
