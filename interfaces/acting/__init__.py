"""What an owner's word changes: cycles, orders, approvals, control, policy in force."""
