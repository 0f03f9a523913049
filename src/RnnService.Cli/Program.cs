using System.Text;
using RnnService.Cli;
using RnnService.Cli.Shell;

// Texts are UTF-8 whatever the locale says.
Console.InputEncoding = Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
return RnnCommand.Run(args, Terminal.OfProcess());
