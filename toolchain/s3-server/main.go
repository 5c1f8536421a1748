// An S3 server for the tests: objects in memory, and only requests that the one key pair has signed.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"
)

// An empty delimiter is none, to S3; the library takes it for one between any two characters.
type backend struct{ *s3mem.Backend }

func (each backend) ListBucket(
	ctx context.Context, name string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage,
) (*gofakes3.ObjectList, error) {
	if prefix != nil && prefix.Delimiter == "" {
		plain := *prefix
		plain.HasDelimiter = false
		prefix = &plain
	}
	return each.Backend.ListBucket(ctx, name, prefix, page)
}

func main() {
	listen := flag.String("listen", "127.0.0.1:9000", "HOST:PORT")
	bucket := flag.String("bucket", "backup", "is there from the start")
	access := flag.String("access-key", "", "of the one who may")
	secret := flag.String("secret-key", "", "of the same")
	flag.Parse()
	memory := s3mem.New()
	if err := memory.CreateBucket(context.Background(), *bucket); err != nil {
		log.Fatal(err)
	}
	server := gofakes3.New(backend{memory}, gofakes3.WithV4Auth(map[string]string{*access: *secret}))
	log.Fatal(http.ListenAndServe(*listen, server.Server()))
}
