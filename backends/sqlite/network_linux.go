package sqlite

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// networkTypes are the file systems, by the magic numbers of statfs(2), that may
// keep a file on another machine.
var networkTypes = map[uint32]string{
	unix.NFS_SUPER_MAGIC:   "NFS",
	unix.SMB_SUPER_MAGIC:   "SMB",
	unix.SMB2_SUPER_MAGIC:  "SMB",
	unix.CIFS_SUPER_MAGIC:  "CIFS",
	unix.CEPH_SUPER_MAGIC:  "Ceph",
	unix.AFS_SUPER_MAGIC:   "AFS",
	unix.AFS_FS_MAGIC:      "AFS",
	unix.CODA_SUPER_MAGIC:  "Coda",
	unix.NCP_SUPER_MAGIC:   "NCP",
	unix.OCFS2_SUPER_MAGIC: "OCFS2",
	unix.V9FS_MAGIC:        "9P",
	unix.FUSE_SUPER_MAGIC:  "FUSE",
	0x0bd00bd0:             "Lustre",
	0x47504653:             "GPFS",
}

// networkOf returns the name of the network file system that a directory is on;
// "" for one on this machine. A file system in user space (FUSE) may be either,
// and counts as one on the network.
func networkOf(directory string) (string, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(directory, &stat); err != nil {
		return "", fmt.Errorf("file system of %s: %w", directory, err)
	}
	return networkTypes[uint32(stat.Type)], nil
}
