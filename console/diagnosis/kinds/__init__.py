"""The kinds of findings, a module a subject. Each function takes the case and yields what it can prove."""
