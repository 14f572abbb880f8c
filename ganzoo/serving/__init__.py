"""An export seen from outside: loaded in this process, asked at a server, or drawn from in bulk."""
