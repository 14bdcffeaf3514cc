#!/bin/bash
# Makes each owner's schema and an account that reaches nothing else. The image runs it once, when the data folder is empty; the passwords come from the environment.
# What is there already is kept and its rights are given again, so that it may be run after a restore, too.
set -euo pipefail
for owner in USERS COUPONS LEDGER; do
  schema=firstcome_${owner,,} password=FIRSTCOME_${owner}_PASSWORD
  [[ ${!password:-} =~ ^[0-9A-Za-z]{16,}$ ]] || { echo "$password must be 16 letters and digits or more." >&2; exit 1; }
  MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysql --protocol=socket -uroot <<SQL
CREATE DATABASE IF NOT EXISTS $schema CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS '$schema'@'%';
ALTER USER '$schema'@'%' IDENTIFIED BY '${!password}';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX ON $schema.* TO '$schema'@'%';
SQL
done
