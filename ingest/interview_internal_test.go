package ingest

import "testing"

// In an interview 记者 stands before what he asks, which names nobody.
func TestWhatAReporterAsksIsNoByline(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"镇上的老桥为什么要修，钱从哪里来？": false, "怎样看待老桥、新桥的关系": false, "张望 李远": true, "张望": true,
	} {
		var im imprint
		if got := im.add("记者", value) && len(im.authors) > 0; got != want {
			t.Errorf("记者：%s: authors %q", value, im.authors)
		}
	}
}
