-- Withdraws the approval that sign.sql has written, and no other. Withdrawing twice changes nothing.
DELETE FROM public.os_proposal_approvals
WHERE id = '5a1e0000-0000-4000-8000-000000000001';
