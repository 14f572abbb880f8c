"""An export from outside: loaded in this process, asked at a server, drawn from in bulk."""
