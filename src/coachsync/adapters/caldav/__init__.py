"""CalDAV servers: python-caldav carries the requests, lxml reads the answers; `client.CalDav` is what others use."""
