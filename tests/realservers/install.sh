#!/bin/sh
# Installs the Debian calendar servers that the tests marked "debian" start, and starts none of them. What is there
# already stays as it is. Without root and without sudo that asks nothing, it says what is missing and goes on: the tests
# of a server that is not installed are skipped by name.
set -eu

PACKAGES="php-cli php-sqlite3 php-sabre-dav php-sabre-vobject php-pgsql davical postgresql sogo memcached
cyrus-imapd cyrus-caldav sasl2-bin"
POLICY=/usr/sbin/policy-rc.d

missing=""
for package in $PACKAGES; do
  case "$(dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null || true)" in
  *" installed") ;;
  *) missing="$missing $package" ;;
  esac
done
if [ -z "$missing" ]; then
  echo "The calendar servers are installed."
  exit 0
fi
# Cyrus depends on something that takes mail. The tests give it another; the smallest without a service will do.
[ -e /usr/sbin/sendmail ] || missing="$missing msmtp-mta"

if ! command -v apt-get >/dev/null; then
  echo "This is no Debian system; the tests of these are skipped:$missing"
  exit 0
fi
root=""
if [ "$(id -u)" != 0 ]; then
  if ! sudo --non-interactive true 2>/dev/null; then
    echo "Not installed, for want of rights; their tests are skipped. As root: apt-get install$missing"
    exit 0
  fi
  root="sudo --non-interactive"
fi

# Debian starts what it installs unless this file says no (invoke-rc.d(8)).
if [ ! -e "$POLICY" ]; then
  trap '$root rm -f "$POLICY"' EXIT
  printf '#!/bin/sh\nexit 101\n' | $root tee "$POLICY" >/dev/null
  $root chmod 755 "$POLICY"
fi
$root apt-get update --quiet --quiet
# shellcheck disable=SC2086 # the list is meant as words
$root env DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes --no-install-recommends $missing
