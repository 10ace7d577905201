-- golang-migrate's row, before its number is written anew.
DELETE FROM :"schema".:"table"
