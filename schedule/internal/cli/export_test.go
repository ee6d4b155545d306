package cli

// ParseFile is what set does with a file.
var ParseFile = parseFile
