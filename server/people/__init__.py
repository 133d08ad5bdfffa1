"""Staff (人员) at the office: roles, the buildings a supervisor keeps, where they are signed in."""
