package cli

import "time"

// Patient has set look for schedulers for a minute, and returns the app.
func (a *App) Patient() *App { a.aliveWait = time.Minute; return a }

// ParseFile is what set does with a file.
var ParseFile = parseFile
