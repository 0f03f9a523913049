using RnnService.AspNetCore.Models;
using RnnService.Engine.Models;

namespace RnnService.AspNetCore.Tests.Models;

public sealed class FolderFaultTests
{
    private const string Path = "/srv/models/tickets";

    public static TheoryData<Exception, string> Faults => new()
    {
        { new UnauthorizedAccessException($"Access to the path '{Path}/config.json' is denied."),
            "tickets/config.json: may not be read; expected files that the service's user may read" },
        { new ModelFolderException("x", new UnauthorizedAccessException($"Access to the path '{Path}' is denied.")),
            "tickets: may not be read; expected files that the service's user may read" },
        { new IOException($"Input/output error : '{Path}/vocab.json'"),
            "tickets/vocab.json: cannot be read (Input/output error); expected files on a disk that works" },
        { new DirectoryNotFoundException($"Could not find a part of the path '{Path}/config.json'."),
            "tickets/config.json: is gone; expected a folder that stays while it is loaded" },
        { new OutOfMemoryException(), "tickets: there is not enough memory for it; expected a smaller model or more memory" },
        { new ModelFolderException($"{Path}/config.json: missing", new FileNotFoundException()), "tickets/config.json: missing" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_reason_speaks_of_files_and_not_of_types_or_places(Exception exception, string reason) =>
        Assert.Equal(reason, FolderFault.Of(exception, Path, "tickets"));

    [Fact]
    public void A_fault_of_the_service_is_no_fault_of_the_folder() =>
        Assert.Null(FolderFault.Of(new InvalidOperationException("x"), Path, "tickets"));
}
