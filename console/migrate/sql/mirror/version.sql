-- $1 version. dbmate and Diesel; what has a default is of no interest to them.
INSERT INTO :"schema".:"table" (version) VALUES ($1)
