package bsondump

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/importers/source"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// metadata is what mongodump writes beside a collection.
type metadata struct {
	Indexes    []dumpedIndex `bson:"indexes"`
	Collection string        `bson:"collectionName"`
	Kind       string        `bson:"type,omitempty"`
}

// dumpedIndex is an index as a server lists it.
type dumpedIndex struct {
	Version int      `bson:"v"`
	Keys    bson.Raw `bson:"key"`
	Name    string   `bson:"name"`
	Unique  bool     `bson:"unique,omitempty"`
	Partial bson.Raw `bson:"partialFilterExpression,omitempty"`
}

// MetadataPath returns the path of the metadata of the dump at a path.
func MetadataPath(path string) string {
	zipped := strings.HasSuffix(path, ".gz")
	path = strings.TrimSuffix(strings.TrimSuffix(path, ".gz"), ".bson") + ".metadata.json"
	if zipped {
		path += ".gz"
	}
	return path
}

// ReadIndexes returns the indexes that the metadata beside the dump at a path has,
// but for that on _id; none if there is no metadata. Those that every collection of
// tasks has are not marked as Standard: to make one again leaves it as it is.
func ReadIndexes(path string) ([]taskdb.IndexInfo, error) {
	m, err := readMetadata(path)
	if err != nil {
		return nil, err
	}
	var infos []taskdb.IndexInfo
	for _, x := range m.Indexes {
		if x.Name == "_id_" {
			continue
		}
		info := taskdb.IndexInfo{Name: x.Name, Keys: x.Keys, Unique: x.Unique, Partial: x.Partial}
		if index, err := query.NewIndex(x.Name, x.Keys); err == nil {
			info.Keys = index.KeyPattern() // of numbers of one type
		}
		infos = append(infos, info)
	}
	return infos, nil
}

func readMetadata(path string) (m metadata, err error) {
	path = MetadataPath(path)
	text, err := readUnzipped(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = bson.UnmarshalExtJSON(text, false, &m)
	}
	if err != nil {
		return m, fmt.Errorf("read metadata %s: %w", path, err)
	}
	return m, nil
}

func readUnzipped(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	unzipped, err := source.Unzipped(file)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unzipped)
}

// Metadata returns what mongorestore reads beside a dump: the collection's name,
// after the database, and its indexes. Those that are taskdb's own are left out, but
// for that on _id.
func Metadata(collection string, indexes []taskdb.IndexInfo) ([]byte, error) {
	const version = 2 // of MongoDB's indexes
	_, name, _ := strings.Cut(collection, ".")
	m := metadata{Collection: name, Kind: "collection"}
	for _, info := range indexes {
		if !info.Standard || info.Name == "_id_" {
			// That the one on _id is unique is not said.
			m.Indexes = append(m.Indexes, dumpedIndex{version, info.Keys, info.Name, info.Unique && !info.Standard, info.Partial})
		}
	}
	text, err := bson.MarshalExtJSON(m, true, false)
	if err != nil {
		return nil, fmt.Errorf("write metadata of %s: %w", collection, err)
	}
	return text, nil
}
