package natsresult

import "time"

// Patient has a log wait for batches for a minute, where others publish one by one.
func (l *Log) Patient() *Log { l.write.patience = time.Minute; return l }

// Together reports whether records are stored in batches, as they are until one fails.
func (l *Log) Together() bool { return l.write.together() }
