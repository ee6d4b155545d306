package natsresult

// Together reports whether records are stored in batches, as they are until one fails.
func (l *Log) Together() bool { return l.write.together() }
