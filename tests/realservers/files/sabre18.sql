CREATE TABLE users (id integer primary key asc, username TEXT, digesta1 TEXT, UNIQUE (username));
CREATE TABLE principals (
  id integer primary key asc, uri TEXT, email TEXT, displayname TEXT, vcardurl TEXT, UNIQUE (uri)
);
CREATE TABLE groupmembers (
  id integer primary key asc, principal_id integer, member_id integer, UNIQUE (principal_id, member_id)
);
CREATE TABLE calendars (
  id integer primary key asc, principaluri TEXT, displayname TEXT, uri TEXT, ctag integer, description TEXT,
  calendarorder integer, calendarcolor TEXT, timezone TEXT, components TEXT, transparent bool
);
CREATE TABLE calendarobjects (
  id integer primary key asc, calendardata blob, uri TEXT, calendarid integer, lastmodified integer, etag TEXT,
  size integer, componenttype TEXT, firstoccurence integer, lastoccurence integer
);
