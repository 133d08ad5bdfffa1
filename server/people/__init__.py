"""Staff (人员) at the office: who has which role, which building a supervisor keeps, where they are signed in."""
