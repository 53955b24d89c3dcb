"""What can be foreseen to go wrong, said in one line: where, what, and what to do about it."""


class MilepostError(Exception):
    """Anything we foresaw going wrong; the command line catches this, and only this.

    Printed as ``where: problem. remedy.`` and never as a traceback.
    """

    def __init__(self, where: str, problem: str, remedy: str) -> None:
        super().__init__(f"{where}: {problem}. {remedy}.")
        self.where, self.problem, self.remedy = where, problem, remedy

    def __reduce__(self) -> tuple[type["MilepostError"], tuple[str, str, str]]:
        """Survive the trip between a flow's processes, which pickle what they raise."""
        return type(self), (self.where, self.problem, self.remedy)


class ConfigError(MilepostError):
    """A file under configs/ asks for something that cannot be."""


class DataError(MilepostError):
    """A table does not keep the shape its readers were promised."""


class LakeError(MilepostError):
    """The lake lacks what a command needs, and an earlier command would have written it."""


class UnreachableError(DataError):
    """A system elsewhere did not answer, or broke off: trying again may help."""
