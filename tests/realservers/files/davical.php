<?php
// What a web server's configuration does for DAViCal. The package looks for /etc/davical/SERVER_NAME-conf.php; the name
// leads it to ours.
$root = '/usr/share/davical/htdocs';
$path = rawurldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
$_SERVER['SERVER_NAME'] = '../..@DIR@/davical';
if (preg_match('#^/\.well-known/(cal|card)dav#', $path)) {
    header('Location: /caldav.php/', true, 301);
    return true;
}
if (preg_match('#^(/[a-z]+\.php)(/.*)?$#i', $path, $parts) && is_file($root . $parts[1])) {
    $_SERVER['SCRIPT_NAME'] = $parts[1];
    $_SERVER['SCRIPT_FILENAME'] = $root . $parts[1];
    $_SERVER['PHP_SELF'] = $parts[1] . ($parts[2] ?? '');
    $_SERVER['PATH_INFO'] = $parts[2] ?? '';
    chdir($root);
    require $root . $parts[1];
    return true;
}
return false;
