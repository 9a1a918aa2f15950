from collections import defaultdict


class InsufficientFunds(Exception):
    def __init__(self, needed, available):
        super().__init__(f"need {needed}, have {available}")
        self.needed = needed


class Account:
    rate = 0.02

    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance
        self.history = []

    def deposit(self, amount):
        if amount <= 0:
            raise ValueError("amount must be positive")
        self.balance += amount
        self.history.append(("deposit", amount))
        return self.balance

    def withdraw(self, amount):
        if amount > self.balance:
            raise InsufficientFunds(amount, self.balance)
        self.balance -= amount
        self.history.append(("withdraw", amount))
        return self.balance

    def __str__(self):
        return f"{self.owner}: {self.balance}"


class Savings(Account):
    def __init__(self, owner, balance=0, rate=None):
        super().__init__(owner, balance)
        if rate is not None:
            self.rate = rate

    def add_interest(self):
        interest = round(self.balance * self.rate, 2)
        self.deposit(interest)
        return interest


class Bank:
    def __init__(self):
        self.accounts = {}

    def open(self, kind, owner, *args, **kwargs):
        account = kind(owner, *args, **kwargs)
        self.accounts[owner] = account
        return account

    def transfer(self, source, target, amount):
        try:
            self.accounts[source].withdraw(amount)
            self.accounts[target].deposit(amount)
        except InsufficientFunds as error:
            return False, str(error)
        finally:
            self.last = (source, target)
        return True, ""

    def totals(self):
        found = defaultdict(float)
        for account in self.accounts.values():
            found[type(account).__name__] += account.balance
        return dict(found)


bank = Bank()
ann = bank.open(Account, "ann", 100)
bob = bank.open(Savings, "bob", 50, rate=0.1)
ok, why = bank.transfer("ann", "bob", 30)
bad, reason = bank.transfer("ann", "bob", 300)
gained = bob.add_interest()
totals = bank.totals()
lines = [str(account) for account in bank.accounts.values()]
print(ok, bad, reason, gained, totals, lines)
