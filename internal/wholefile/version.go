package wholefile

import "os"

// Version tells a file at a path from the one that takes its place. The zero value is
// that of no file.
type Version struct{ info os.FileInfo }

// VersionOf returns the version of the file that is at a path now.
func VersionOf(path string) Version {
	info, err := os.Stat(path)
	if err != nil {
		return Version{}
	}
	return Version{info}
}

// Exists tells whether there is such a file.
func (v Version) Exists() bool { return v.info != nil }

// Equal tells whether two versions are of the same file, unchanged.
func (v Version) Equal(other Version) bool {
	if v.info == nil || other.info == nil {
		return v.info == other.info
	}
	return os.SameFile(v.info, other.info) && v.info.ModTime().Equal(other.info.ModTime()) && v.info.Size() == other.info.Size()
}
