package queue

import "yinju/ingest"

// ReportOf is the report of a run that did not go by way of the queue.
func ReportOf(r ingest.Report) Report {
	out := Report{
		Files: r.Files, Unchanged: r.Unchanged, Added: r.Added, Changed: r.Changed, Removed: r.Removed,
		Touched: r.Touched, Articles: r.Articles, Passages: r.Passages, Reused: r.Reused, Strays: r.Strays, TookMS: r.Took.Milliseconds(),
	}
	for _, m := range r.Renamed {
		out.Renamed = append(out.Renamed, Rename{From: m.From, To: m.To})
	}
	for _, u := range r.Unread {
		out.Unread = append(out.Unread, Unread{File: u.Path, Pages: u.Pages})
	}
	for _, f := range r.Failed {
		out.Failed = append(out.Failed, Failure{File: f.Path, Error: f.Err.Error()})
	}
	return out
}
