BEGIN;
DELETE FROM harbour.toll;
DELETE FROM harbour.tariff;
COMMIT;
